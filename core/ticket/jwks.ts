import type { PublicKey } from '../ports.ts';

/** A public key as RFC 7517 and RFC 8037 have it. */
export interface Jwk {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly use: 'sig';
  readonly alg: 'EdDSA';
  readonly kid: string;
  readonly x: string;
}

/** The key set to publish at `/.well-known/jwks.json`. */
export function jwks(keys: readonly PublicKey[]): { readonly keys: readonly Jwk[] } {
  return { keys: keys.map(({ kid, x }) => ({ kty: 'OKP', crv: 'Ed25519', use: 'sig', alg: 'EdDSA', kid, x })) };
}
