import type { SecretKeys } from '../../core/ticket/signing-keys.ts';
import { macFrom } from './mac.ts';
import { ticketKeys } from './ticket-keys.ts';

/** All keys of a door, from the deployment's secret. Throws ConfigError if it is too short. */
export function secretKeys(secret: Uint8Array): SecretKeys {
  return { ...ticketKeys(secret), mac: macFrom(secret, 'onedoor cookie') };
}
