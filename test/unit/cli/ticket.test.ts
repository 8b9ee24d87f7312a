import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decode, type VerifyFlags, verify } from '../../../cli/commands/ticket.ts';
import type { Context, ExitCode } from '../../../cli/context.ts';
import { createOutput } from '../../../cli/output.ts';
import { encodeTicket } from '../../../core/ticket/encode.ts';
import { jwks } from '../../../core/ticket/jwks.ts';
import { plantTree } from '../../support/temp-tree.ts';
import { keysOf, someClaims } from '../../support/tickets.ts';

const keys = keysOf();
const ticket = encodeTicket(someClaims(), keys.signer);

async function printed(run: (context: Context) => Promise<ExitCode>) {
  let text = '';
  const out = createOutput(false, (line) => {
    text += line;
  });
  const none = () => Promise.reject(new Error('no deployment is needed'));
  const code = await run({ out, env: {}, target: none, signal: new AbortController().signal, ask: undefined });
  return { text, code };
}

const check = (flags: Partial<VerifyFlags> = {}, text = ticket) => {
  const file = join(plantTree({ 'jwks.json': JSON.stringify(jwks([keys.publicKey])) }), 'jwks.json');
  return printed((context) => verify(context, { keys: file, ...flags }, text));
};

describe('a ticket on the command line', () => {
  it('is shown claim by claim, with times that people can read', async () => {
    const { text, code } = await printed((context) => decode(context, {}, ticket));
    expect(code).toBe(0);
    expect(text).toContain('client player-1\n');
    expect(text).toContain('aud    i-0123456789abcdef0.0\n');
    expect(text).toContain('exp    1767225640 (2026-01-01T00:00:40.000Z)\n');
  });

  it('is good under the keys of its deployment, and told to be too late', async () => {
    const { text, code } = await check();
    expect(text).toBe(
      'good: seat 1767225600001 of i-0123456789abcdef0.0, too late to be activated; good for who is in, and at alternates\n',
    );
    expect(code).toBe(0);
  });

  it('is not good for another server, another deployment, or with a byte changed', async () => {
    expect(await check({ server: 'i-b.0' })).toEqual({
      text: 'not good: ticket.wrong-server (i-0123456789abcdef0.0)\n',
      code: 1,
    });
    expect((await check({ deployment: 'other' })).text).toBe('not good: ticket.wrong-deployment (onedoor)\n');
    const forged = encodeTicket(someClaims(), keysOf('another deployment').signer);
    expect((await check({}, forged)).text).toMatch(/not good: ticket.unknown-key/);
    expect((await check({}, ticket.slice(0, -8))).text).toMatch(/not good: ticket.malformed/);
  });

  it('needs keys that can be read', async () => {
    await expect(check({ keys: '/nowhere/jwks.json' })).rejects.toThrow(/--keys must be a file with a JWKS.*ENOENT/);
  });
});
