import type { Policy } from './policy.ts';
import { pickFrom } from './stateless-modulo.ts';

/** (SRC_IP + DEST_IP + DEST_PORT) mod N: docs/PROTOCOL.md section 6. */
export function stateless3(): Policy {
  return {
    name: 'stateless-3',
    sticky: true,
    wholeApp: true,
    pick: (pool, query) => pickFrom(pool, query, query.service.port),
  };
}
