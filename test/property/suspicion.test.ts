import { describe, expect, it } from 'vitest';
import { ProbeWorld } from '../support/probe-world.ts';
import { mistakes } from '../suspicion/mistakes.ts';

const SERVERS = 20;
/** Of the generator; a failing run is repeated by it. */
const SEED = 1;

/** How long it took each of 200 servers that died to become suspect, sorted. */
function detectionTimes(loss: number): readonly number[] {
  const times: number[] = [];
  for (let seed = 1; times.length < 200; seed++) {
    const world = new ProbeWorld({ servers: SERVERS, loss, seed });
    world.run(3_000 + 137 * seed);
    const victim = world.ids[seed % SERVERS]!;
    world.kill(victim);
    const diedAtMs = world.nowMs;
    world.run(4_000);
    const said = world.said.find(({ id, suspect, atMs }) => id === victim && suspect && atMs >= diedAtMs);
    times.push(said ? said.atMs - diedAtMs : Number.POSITIVE_INFINITY);
  }
  return times.sort((a, b) => a - b);
}

describe('suspicion, over 60 server-hours of a virtual clock', () => {
  it('falls on a living server at most once in an hour where a fifth of all packets is lost each way', () => {
    expect(mistakes(60, 0.2, SEED)).toBeLessThanOrEqual(60);
  });

  it('falls on no living server where a twentieth of all packets is lost each way', () => {
    expect(mistakes(60, 0.05, SEED)).toBe(0);
  });

  for (const loss of [0, 0.05, 0.2]) {
    it(`falls on a dead server within 2 s, 99 times of 100, at a loss of ${loss}`, () => {
      expect(detectionTimes(loss)[197]).toBeLessThanOrEqual(2_000);
    });
  }
});
