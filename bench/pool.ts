/** Servers that are alike, for the benches of this folder. */
import type { Pool } from '../core/registry/roster.ts';
import { buildView, type ListedServer } from '../test/support/build-view.ts';

/** `size` ready and empty servers as one pool, less the one at `without`. */
export function makePool(size: number, without = -1, capacity = 100): Pool {
  const entries = Array.from({ length: size }, (_, index): ListedServer => {
    const id = `i-${index.toString(16).padStart(17, '0')}.0`;
    const server = { id, ipv4: '203.0.113.7', ports: { game: 27_000, probe: 7_000 }, zone: 'a', app: 'arena' };
    const status = { gen: 'g', free: capacity, capacity, sessions: 0, state: 'ready', suspect: false } as const;
    return {
      key: `SRV#AROA:${index}#0`,
      server: { ...server, world: 'w', group: 'g', labels: {}, maxCapacity: capacity },
      status: { ...status, beat: 1, beatAgeMs: 0 },
    };
  }).filter((_, index) => index !== without);
  const view = buildView(entries, 1, 15_000);
  return { view, members: Int32Array.from(view.entries.keys()) };
}
