import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import type { PublicKey, Signer } from '../../core/ports.ts';
import { deriveKey } from './derive-key.ts';

/** DER of a PKCS #8 private key for Ed25519 up to the 32 bytes of the seed (RFC 8410, section 7). */
const PKCS8_PREFIX = Uint8Array.from([
  0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
]);
/** Characters of the thumbprint that name a key: 48 bits, since a deployment has a handful of keys. */
const KID_LENGTH = 8;

/**
 * The deployment's signing key: Ed25519 (RFC 8032) whose seed is derived from its secret, since CloudFormation can make a
 * secret but no key pair. `kid` is the start of the key's thumbprint (RFC 7638).
 * @param secret at least 32 bytes; throws ConfigError if shorter
 */
export function ticketKeys(secret: Uint8Array): { readonly signer: Signer; readonly publicKey: PublicKey } {
  const seed = deriveKey(secret, 'onedoor ticket ed25519');
  const der = Buffer.concat([PKCS8_PREFIX, seed]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' }) as { x: string };
  const kid = thumbprint(x).slice(0, KID_LENGTH);
  return { signer: { kid, sign: (data) => sign(null, data, privateKey) }, publicKey: { kid, x } };
}

/** RFC 7638: the required members in the order of their names, as RFC 8037 lists them for this key type. */
function thumbprint(x: string): string {
  return createHash('sha256')
    .update(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x }))
    .digest('base64url');
}
