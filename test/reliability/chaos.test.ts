import { describe, expect, it } from 'vitest';
import { runChaos } from '../chaos/chaos.ts';
import { chaosLines } from '../chaos/report.ts';

/** `npm run chaos -- --seed N --for S` has any other. */
const SEED = 7;

describe('the local system while everything goes wrong', () => {
  it('sells no seat twice, cuts nobody off, and has everybody on a living server afterwards', async () => {
    const said: string[] = [];
    const report = await runChaos({
      ...{ seed: SEED, forMs: 8_000, servers: 3, clients: 12 },
      say: (line) => void said.push(line),
    });
    expect(report.books.opened).toBeGreaterThanOrEqual(12);
    expect(
      report.books.breaches,
      [...said, ...chaosLines(report), `npm run chaos -- --seed ${SEED} --for 8 --servers 3 --clients 12`].join('\n'),
    ).toEqual([]);
  });
});
