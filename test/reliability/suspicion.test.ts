import { describe, expect, it } from 'vitest';
import { runDead } from '../suspicion/dead.ts';
import { runFailover } from '../suspicion/failover.ts';
import { runBlackHole, runSlander } from '../suspicion/slander.ts';
import { runStorm } from '../suspicion/storm.ts';

/** Small sizes; `node bench/reliability.ts --seed N` has the full ones. */
const SEED = 1;
const title = `seed ${SEED}`;

describe('a server that dies without a word', () => {
  it('gets its last client within 2 s at the UDP door, and 3.5 s at the function', async () => {
    const { udp, http } = await runDead({ seed: SEED, kills: 8, perSecond: 50, servers: 20 });
    expect(Math.max(...udp), title).toBeLessThanOrEqual(2_000);
    expect(Math.max(...http), title).toBeLessThanOrEqual(3_500);
    expect(Math.max(...udp, ...http)).toBeGreaterThan(0);
  });

  it('leaves its clients the alternates when all gateways die with it: 3 s, and no seat sold twice', async () => {
    const { times, oversold, answers } = await runFailover({ seed: SEED, clients: 20 });
    expect(times.length).toBeGreaterThanOrEqual(20);
    expect(times.at(-1), title).toBeLessThanOrEqual(3_000);
    expect(oversold).toEqual([]);
    expect(answers).toBe(0);
  });

  it('sends its clients to the door one after the other, and evenly to the others', async () => {
    const report = await runStorm({ seed: SEED, servers: 10, clients: 500 });
    expect(report.back).toBe(500);
    expect(report.maxByMean, title).toBeLessThanOrEqual(1.1);
    expect(report.busiestSlot, title).toBeLessThanOrEqual(0.05);
  });
});

describe('clients that report their server', () => {
  it('evict nobody when they lie', async () => {
    const { reports, moved, closedMs } = await runSlander({ seed: SEED, servers: 6, clients: 500 });
    expect(reports).toBe(5);
    expect(moved, title).toBe(0);
    // The next good answer to a probe overrules them, as soon as the prober has read of it.
    expect(closedMs).toBeLessThan(4_000);
  });

  it('close a server that answers probes alone', async () => {
    const { suspectMs, elsewhere, clients } = await runBlackHole({ seed: SEED, servers: 6, clients: 60 });
    expect(suspectMs, title).toBeLessThanOrEqual(10_000);
    expect(elsewhere).toBe(clients);
  });
});
