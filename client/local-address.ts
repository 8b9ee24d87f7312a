import { networkInterfaces } from 'node:os';
import { toBytes } from './resolve.ts';

/**
 * The first address of each family of this machine's network, for the Address field of requests: information only, since
 * a NAT shows another one to the world.
 */
export function localAddresses(): { readonly 4?: Uint8Array; readonly 6?: Uint8Array } {
  const found: { 4?: Uint8Array; 6?: Uint8Array } = {};
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  for (const { address, internal, family } of all) {
    // Link-local addresses mean nothing to anybody else.
    if (internal || address.startsWith('fe80:')) continue;
    const bytes = toBytes(address);
    if (bytes) found[family === 'IPv4' ? 4 : 6] ??= bytes;
  }
  return found;
}
