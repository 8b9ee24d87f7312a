import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type OwnerAnswer, OwnerLink } from '../../../agents/owner-link.ts';
import { toWireAddress } from '../../../core/wire/address.ts';
import { decodePacket } from '../../../core/wire/decode.ts';
import { encodeResponse } from '../../../core/wire/encode-response.ts';
import type { ExtendedRequest, ResponseFields } from '../../../core/wire/packet.ts';
import { aServer } from '../../support/builders.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { seededRng } from '../../support/seeded-rng.ts';

const { server } = aServer({ id: 'a.0', ipv4: '192.0.2.1' });
const ADDRESS = toWireAddress(Uint8Array.of(192, 0, 2, 1));
const from = { address: '192.0.2.1', port: 7_000, protocol: 17 } as const;

function aLink() {
  const clock = fakeClock();
  const sent: { readonly request: ExtendedRequest; readonly bytes: number; readonly to: string }[] = [];
  const link = new OwnerLink({
    send: (bytes, address, port) => {
      const decoded = decodePacket(bytes, { expect: 'request' });
      if (!decoded.ok || decoded.packet.kind !== 'extended') throw new Error('no request');
      sent.push({ request: decoded.packet as ExtendedRequest, bytes: bytes.length, to: `${address}:${port}` });
    },
    hasFamily: (family) => family === 4,
    clock,
    rng: seededRng(4),
    type: 0xffff,
  });
  const answer = (fields: Partial<ResponseFields> = {}, source: Parameters<OwnerLink['hear']>[1] = from): void => {
    const { nonce } = sent.at(-1)!.request;
    const encoded = encodeResponse({ address: ADDRESS, nonce, server: 'a.0', ...fields }, { maxBytes: 128 });
    link.hear((encoded as { bytes: Uint8Array }).bytes, source);
  };
  return { clock, sent, link, answer };
}

const serverIn = (answer: OwnerAnswer) => (typeof answer === 'object' ? answer.server : answer);

describe('the question to the owner of a request', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is a keepalive to its probe port, with nothing to hand on and with room for the answer', async () => {
    const { link, sent, answer } = aLink();
    const asking = link.ask(server, 4);
    answer();
    expect(serverIn(await asking)).toBe('a.0');
    expect(sent).toEqual([
      { request: expect.objectContaining({ forward: undefined, ticket: undefined }), bytes: 128, to: '192.0.2.1:7000' },
    ]);
  });

  it('is asked twice before the owner counts as silent, and not again for two seconds', async () => {
    const { link, sent, clock, answer } = aLink();
    const asking = link.ask(server, 4);
    await vi.advanceTimersByTimeAsync(300);
    expect(await asking).toBe('silent');
    expect(sent).toHaveLength(2);
    expect(sent[1]!.request.nonce).toEqual(sent[0]!.request.nonce);
    expect(await link.ask(server, 4)).toBe('silent');
    expect(sent).toHaveLength(2);
    clock.advance(2_000);
    const again = link.ask(server, 4);
    answer();
    expect(serverIn(await again)).toBe('a.0');
    const lifted = link.ask(server, 4);
    answer();
    expect(serverIn(await lifted)).toBe('a.0');
  });

  const refusals: readonly (readonly [string, Partial<ResponseFields>])[] = [
    ['its clients are to move', { movingMs: 5_000 }],
    ['it is another server', { server: 'b.0' }],
    ['it names another address', { address: toWireAddress(Uint8Array.of(192, 0, 2, 2)) }],
    [
      'it answers with an error',
      { server: undefined, address: new Uint8Array(16), error: { code: 6, retryAfterMs: 0, reason: '' } },
    ],
  ];
  it.each(refusals)('counts as silent where %s', async (_what, fields) => {
    const { link, answer } = aLink();
    const asking = link.ask(server, 4);
    answer(fields);
    expect(await asking).toBe('silent');
  });

  it('is not answered by anybody else, nor by an answer to nothing', async () => {
    const { link, answer } = aLink();
    const asking = link.ask(server, 4);
    answer({}, { ...from, port: 7_001 });
    answer({}, { ...from, address: '192.0.2.9' });
    answer({ nonce: new Uint8Array(8) });
    link.hear(new Uint8Array(5), from);
    await vi.advanceTimersByTimeAsync(300);
    expect(await asking).toBe('silent');
  });

  it('is not asked where there is no way to the server, or too many are under way', async () => {
    const { link } = aLink();
    const { server: far } = aServer({ id: 'f.0', ipv4: undefined, ipv6: '2001:db8::1' });
    expect(await link.ask(far, 6)).toBe('unasked');
    const waiting = Array.from({ length: 1_024 }, () => link.ask(server, 4));
    expect(await link.ask(server, 4)).toBe('unasked');
    await vi.advanceTimersByTimeAsync(300);
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['silent']));
  });
});
