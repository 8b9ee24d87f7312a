import { hasSeat } from './availability.ts';
import { fnv1a64 } from './hash.ts';
import type { Policy } from './policy.ts';
import { meeting, serverHashes } from './server-hashes.ts';

/**
 * Rendezvous hashing (D. Thaler, C. Ravishankar, IEEE/ACM Transactions on Networking 6 (1), 1998), weighted by capacity
 * by the logarithmic method (C. Schindelhauer, G. Schomaker, "Weighted distributed hash tables", SPAA 2005):
 *
 *   c = FNV-1a-64(client bytes), s = FNV-1a-64(server id)
 *   h = mix32(mix32(c.low xor s.low) xor c.high xor s.high)
 *   score = capacity / -ln((h + 0.5) / 2^32); the highest score wins, the lowest id at a tie
 *
 * A server that leaves, fills up or closes moves its own clients only, each to its next score; a capacity that changes
 * moves no more than its share. Golden vectors: test/vectors/select.json.
 */
export function rendezvous(): Policy {
  return {
    name: 'rendezvous',
    sticky: true,
    wholeApp: false,
    pick({ view, members }, { client, allowed }) {
      const hashes = serverHashes(view);
      const { capacity } = view;
      const key = fnv1a64(client);
      let best = -1;
      let bestScore = 0;
      for (let at = 0; at < members.length; at++) {
        const index = members[at]!;
        const u = meeting(key, hashes, index);
        // -ln(u) > 1 - u, so that capacity / (1 - u) bounds the score: the logarithm is needed for few of the servers.
        if (capacity[index]! <= bestScore * (1 - u) || !hasSeat(view, index, allowed)) continue;
        const score = capacity[index]! / -Math.log(u);
        if (score > bestScore) {
          best = index;
          bestScore = score;
        }
      }
      return best;
    },
  };
}
