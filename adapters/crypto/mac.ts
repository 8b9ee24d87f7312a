import { createHmac, createSecretKey } from 'node:crypto';
import type { Mac } from '../../core/ports.ts';
import { deriveKey } from './derive-key.ts';

/**
 * HMAC-SHA256 (RFC 2104) under a key that is derived from the deployment's secret for the purpose `info`, so that every
 * door of the deployment makes and accepts the same.
 * @param secret at least 32 bytes; throws ConfigError if shorter
 */
export function macFrom(secret: Uint8Array, info: string): Mac {
  const key = createSecretKey(deriveKey(secret, info));
  return (data) => createHmac('sha256', key).update(data).digest();
}
