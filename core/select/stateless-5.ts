import type { Policy } from './policy.ts';
import { pickFrom } from './stateless-modulo.ts';

/** (SRC_IP + SRC_PORT + DEST_IP + DEST_PORT + PROTOCOL) mod N: docs/PROTOCOL.md section 6. */
export function stateless5(): Policy {
  return {
    name: 'stateless-5',
    sticky: true,
    wholeApp: true,
    pick: (pool, query) => pickFrom(pool, query, query.source.port + query.service.port + query.source.protocol),
  };
}
