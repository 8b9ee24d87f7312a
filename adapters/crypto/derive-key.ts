import { hkdfSync } from 'node:crypto';
import { ConfigError } from '../../core/errors.ts';

/** Under this a secret could be guessed; Secrets Manager generates 32 characters or more. */
const MIN_SECRET_BYTES = 32;
const KEY_BYTES = 32;

/**
 * 32 bytes for one purpose: HKDF with SHA-256 (RFC 5869) of the deployment's secret, no salt, `info` the purpose. Keys of
 * different purposes say nothing about each other. Throws ConfigError if the secret is too short.
 */
export function deriveKey(secret: Uint8Array, info: string): Uint8Array {
  if (secret.length < MIN_SECRET_BYTES) {
    throw new ConfigError([`\`secret\` must be at least ${MIN_SECRET_BYTES} bytes, got: ${secret.length}`]);
  }
  return new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(0), info, KEY_BYTES));
}
