/** Queries of many clients, for the benches of this folder. */
import { createSystemRng } from '../adapters/system/system-rng.ts';
import type { PickQuery } from '../core/select/policy.ts';

/** Each with its own client, address and port. */
export function systemQueries(count: number): readonly PickQuery[] {
  const rng = createSystemRng();
  return Array.from({ length: count }, (_, index) => ({
    client: rng.bytes(16),
    source: { address: rng.bytes(4), port: 1_024 + (index % 60_000), protocol: 17 as const },
    service: { address: Uint8Array.of(198, 51, 100, 4), port: 7_000 },
    rng,
  }));
}
