import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { ConfigError } from '../../core/errors.ts';
import type { PublicKey, Verify } from '../../core/ports.ts';

/** Checks signatures of any of `keys`. Throws ConfigError, naming every key that is none. */
export function createVerifier(keys: readonly PublicKey[]): Verify {
  const problems: string[] = [];
  const known = new Map<string, KeyObject>();
  for (const { kid, x } of keys) {
    try {
      known.set(kid, createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }));
    } catch {
      problems.push(`key \`${kid}\` must be base64url of 32 bytes, got: ${x}`);
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return (kid, data, signature) => {
    const key = known.get(kid);
    return key && verify(null, data, key, signature);
  };
}

/** Checks signatures of the keys as they are now; made anew only when `keys` gives another array. Rejects as `keys` does. */
export function verifierOf(keys: () => Promise<readonly PublicKey[]>): () => Promise<Verify> {
  let made: { readonly keys: readonly PublicKey[]; readonly verify: Verify } | undefined;
  return async () => {
    const now = await keys();
    if (made?.keys !== now) made = { keys: now, verify: createVerifier(now) };
    return made.verify;
  };
}
