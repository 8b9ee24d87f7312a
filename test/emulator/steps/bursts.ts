/** The seats' own searches on the emulator's table engine: the small version of `npm run bursts`. */
import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { KINDS } from '../../bursts/burst.ts';
import { Fleet } from '../../bursts/fleet.ts';
import { runBursts } from '../../bursts/run.ts';
import { breachOf } from '../../bursts/tally.ts';
import type { Cloud } from '../support/cloud.ts';

const TABLE = 'bursts';
const PROCESSES = 4;
const SEED = 6;
/** Seats are back after 2.6 s. */
const FASTER = 20;

/** One burst of each kind, in a table of its own that is gone afterwards. Throws if a seat is given twice or lost. */
export async function seatsHold({ endpoint, dynamo }: Cloud): Promise<void> {
  const fleet = await Fleet.start(PROCESSES);
  try {
    const crowd = { servers: 2, capacity: 8, clients: 24, faster: FASTER };
    const tallies = [
      ...(await runBursts({ endpoint, table: TABLE, fleet, seed: SEED, kinds: KINDS, ...crowd })).values(),
    ];
    const breaches = tallies.flatMap((tally) => tally.breaches);
    if (breaches.length > 0) throw new Error(breaches.map(breachOf).join('\n'));
    if (tallies.every(({ given }) => given === 0)) throw new Error('nobody got a seat');
  } finally {
    await fleet.stop();
    await dynamo.send(new DeleteTableCommand({ TableName: TABLE }));
  }
}
