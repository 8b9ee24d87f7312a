import { readFileSync } from 'node:fs';
import { UsageError } from '../../adapters/cli/flags.ts';
import { createVerifier } from '../../adapters/crypto/verifier.ts';
import type { PublicKey } from '../../core/ports.ts';
import { decodeTicket } from '../../core/ticket/decode.ts';
import { verifyTicket } from '../../core/ticket/verify.ts';
import { getJson } from '../api.ts';
import type { Run } from '../context.ts';
import { httpOf, type TargetFlags } from '../target.ts';

export interface VerifyFlags extends TargetFlags {
  /** File with a JWKS; absent: the deployment's own keys. */
  readonly keys?: string;
  readonly server?: string;
  readonly deployment?: string;
}

/** What the ticket says. Nothing of it is checked. */
export const decode: Run<object, [string]> = async ({ out }, _flags, text) => {
  const ticket = decodeTicket(text.trim());
  if (!ticket.ok) {
    out.line(`${ticket.code}: ${ticket.detail ?? ''}`);
    out.data({ code: ticket.code, detail: ticket.detail });
    return 1;
  }
  const { kid, claims } = ticket;
  const client = Buffer.from(claims.sub, 'base64url').toString();
  const whole = { kid, client, ...claims };
  for (const [name, value] of Object.entries(whole)) {
    const time = name === 'iat' || name === 'exp' ? ` (${new Date(Number(value) * 1000).toISOString()})` : '';
    out.line(`${name.padEnd(6)} ${value}${time}`);
  }
  out.data(whole);
  return 0;
};

/** Whether this deployment signed the ticket for this server. It takes the ticket's own word for what no flag says. */
export const verify: Run<VerifyFlags, [string]> = async ({ out, target }, flags, text) => {
  const ticket = decodeTicket(text.trim());
  const keys = await publicKeys(flags, async () => httpOf(await target(flags)));
  const iss = flags.deployment ?? (ticket.ok ? ticket.claims.iss : '');
  const aud = flags.server ?? (ticket.ok ? ticket.claims.aud : '');
  const outcome = verifyTicket(text.trim(), {
    verify: createVerifier(keys),
    iss,
    aud,
    wallMs: Date.now(),
    orAlternate: true,
  });
  if (!outcome.ok) {
    out.line(`not good: ${outcome.code}${outcome.detail === undefined ? '' : ` (${outcome.detail})`}`);
    out.data({ ok: false, code: outcome.code, detail: outcome.detail });
    return 1;
  }
  const { claims } = outcome;
  const leftS = claims.exp - Date.now() / 1000;
  const when =
    leftS > 0
      ? `to be activated within ${Math.ceil(leftS)} s`
      : 'too late to be activated; good for who is in, and at alternates';
  out.line(`good: seat ${claims.seat} of ${claims.aud}, ${when}`);
  out.data({ ok: true, claims });
  return 0;
};

async function publicKeys({ keys }: VerifyFlags, base: () => Promise<string>): Promise<readonly PublicKey[]> {
  const { body } =
    keys === undefined
      ? await getJson<{ readonly keys?: readonly PublicKey[] }>(await base(), '/.well-known/jwks.json')
      : { body: parseFile(keys) };
  return (body.keys ?? []).map(({ kid, x }) => ({ kid, x }));
}

function parseFile(path: string): { readonly keys?: readonly PublicKey[] } {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`--keys must be a file with a JWKS, got: ${path} (${(error as Error).message})`);
  }
}
