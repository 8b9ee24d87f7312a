import { createPublicKey, verify as verifyBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ticketKeys } from '../../../adapters/crypto/ticket-keys.ts';
import { createRosterDocuments } from '../../../adapters/http/roster-documents.ts';
import { type CacheChecks, loadKept, saveKept, type VerifySignature } from '../../../client/roster-cache.ts';
import { jwks } from '../../../core/ticket/jwks.ts';
import { aView, servers } from '../../support/builders.ts';

const keys = ticketKeys(new Uint8Array(48).fill(7));
const NOW = 1_800_000_000_000;
const DAY = 86_400_000;
const JWKS = JSON.stringify(jwks([keys.publicKey]));

const verify: VerifySignature = ({ x }, data, signature) =>
  verifyBytes(null, data, createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }), signature);

const page = createRosterDocuments(keys.signer, () => NOW).page(aView(servers(3)), {});
const read = (kept: string | undefined, more: Partial<CacheChecks> = {}) =>
  loadKept({ load: () => kept, save() {} }, { verify, maxAgeMs: DAY, wallMs: NOW + 1_000, ...more });

/** What is kept of `pages`; undefined if they are not worth it. */
async function keep(pages: (typeof page)[], more: Partial<CacheChecks> = {}): Promise<string | undefined> {
  let kept: string | undefined;
  const store = {
    load: () => kept,
    save: (written: string) => {
      kept = written;
    },
  };
  await saveKept(store, pages, JWKS, { verify, wallMs: NOW + 1_000, ...more });
  return kept;
}

const text = (await keep([page])) ?? '';

describe('a kept roster', () => {
  it('gives its servers while it is young and its signature fits', async () => {
    const kept = await read(text);
    expect(kept).toMatchObject([{ id: 's-00000.0' }, { id: 's-00001.0' }, { id: 's-00002.0' }]);
    expect(await read(text, { pinned: [keys.publicKey] })).toEqual(kept);
  });

  const forged = JSON.parse(text);
  forged.pages[0].body = forged.pages[0].body.replaceAll('203.0.113.', '192.0.2.');
  const [head, , tail] = page.signature.split('.');
  const as = (header: object): string =>
    JSON.stringify({
      version: 1,
      jwks: JWKS,
      pages: [{ body: page.body, signature: `${Buffer.from(JSON.stringify(header)).toString('base64url')}..${tail}` }],
    });
  const header = JSON.parse(Buffer.from(head!, 'base64url').toString());

  it.each([
    ['of which a byte was changed', JSON.stringify(forged), 'forged'],
    ['whose signature is made young', as({ ...header, iat: header.iat + 9 }), 'forged'],
    ['signed as a ticket', as({ ...header, typ: 'JWT' }), 'not a signature'],
    ['signed by another algorithm', as({ ...header, alg: 'none' }), 'not a signature'],
    ['signed by nobody known', as({ ...header, kid: 'other' }), 'signed by an unknown key'],
    ['without a time', as({ ...header, iat: undefined }), 'not a signature'],
    ['without a signature', text.replace(page.signature, ''), 'not a signature'],
    ['of no pages', JSON.stringify({ version: 1, jwks: JWKS, pages: [] }), 'not a kept roster'],
    ['that is no JSON', text.slice(0, 100), 'not a kept roster'],
    ['that is something else', '7', 'not a kept roster'],
    ['with odd pages', '{"version":1,"pages":[7]}', 'not a kept roster'],
  ])('%s is worth nothing', async (_name, kept, problem) => {
    expect(await read(kept)).toEqual({ problem });
  });

  it('is not written if it could not be read back', async () => {
    expect(await keep([{ ...page, signature: '' }])).toBeUndefined();
    expect(await keep([page], { pinned: [] })).toBeUndefined();
  });

  it('is nothing where nothing was kept', async () => {
    expect(await read(undefined)).toEqual({ problem: 'nothing was kept' });
  });

  it('expires, and is not believed from the future', async () => {
    expect(await read(text, { wallMs: NOW + DAY + 1 })).toEqual({ problem: 'expired' });
    expect(await read(text, { wallMs: NOW - DAY })).toEqual({ problem: 'expired' });
  });

  it('is worth nothing under keys that the application brings and that are others', async () => {
    const other = ticketKeys(new Uint8Array(48).fill(8)).publicKey;
    expect(await read(text, { pinned: [{ kid: keys.publicKey.kid, x: other.x }] })).toEqual({ problem: 'forged' });
    expect(await read(text, { pinned: [] })).toEqual({ problem: 'signed by an unknown key' });
  });

  it('is worth nothing where signatures cannot be checked', async () => {
    const unable = () => Promise.reject(new Error('no Ed25519 here'));
    expect(await read(text, { verify: unable })).toEqual({ problem: 'signatures cannot be checked here' });
  });
});
