import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalDynamo, startDynalite } from '../../local/dynalite.ts';
import { KINDS, type Kind } from '../bursts/burst.ts';
import { Fleet } from '../bursts/fleet.ts';
import type { Plant } from '../bursts/messages.ts';
import { type RunOptions, runBursts } from '../bursts/run.ts';
import { INVARIANTS, type Invariant, type Tally } from '../bursts/tally.ts';
import { startDynamoDbLocal, whyNoDynamoDbLocal } from '../support/dynamodb-local.ts';

const PROCESSES = 8;
/** Repeats what is drawn by lot; `npm run bursts` has many seeds. */
const SEED = 5;
/** Bursts in which a planted fault must show itself at least once. */
const MAX_TRIES = 10;
const NONE: Record<Invariant, number> = { over: 0, twice: 0, full: 0, away: 0 };

let fleet: Fleet;
let dynalite: LocalDynamo;

beforeAll(async () => {
  dynalite = await startDynalite({ table: 'first' });
  fleet = await Fleet.start(PROCESSES);
});

afterAll(async () => {
  await fleet?.stop();
  await dynalite?.close();
});

let tables = 0;
let bursts = 0;

/** The processes are shared, so that each burst has a number of its own. */
async function run(endpoint: string, kinds: readonly Kind[], options: Partial<RunOptions> = {}) {
  const from = bursts;
  bursts += kinds.length;
  return await runBursts({ endpoint, table: `bursts-${tables++}`, fleet, seed: SEED, kinds, from, ...options });
}

function broken(tallies: ReadonlyMap<Kind, Tally>): Record<Invariant, number> {
  const found = { ...NONE };
  for (const { breaches } of tallies.values()) for (const { invariant } of breaches) found[invariant]++;
  return found;
}

async function holdsOn(endpoint: string): Promise<void> {
  const tallies = await run(endpoint, KINDS, { servers: 2, capacity: 20, clients: 56 });
  expect([...tallies.values()].flatMap(({ breaches }) => breaches)).toEqual([]);
  for (const invariant of Object.keys(INVARIANTS) as Invariant[]) {
    const checks = [...tallies.values()].reduce((sum, tally) => sum + tally.checks[invariant], 0);
    expect(checks, invariant).toBeGreaterThan(0);
  }
  expect([...tallies.values()].map(({ given }) => given > 0)).toEqual([true, true, true]);
  expect(tallies.get('killed')?.died).toBeGreaterThan(0);
  expect(tallies.get('cut')?.cuts).toBeGreaterThan(0);
}

describe('bursts of clients at assigners in processes of their own', () => {
  const planted: readonly (readonly [string, Plant, Invariant])[] = [
    ['takes whatever is free', 'no-condition', 'over'],
    ['gives a seat twice', 'same-serial', 'twice'],
    ['says FULL without a look', 'full-unread', 'full'],
  ];
  for (const [does, plant, invariant] of planted) {
    it(`find an assigner that ${does}`, async () => {
      // Some need two processes at the same moment, which a busy machine may not give them in the first burst.
      let found = 0;
      for (let tries = 0; tries < MAX_TRIES && found === 0; tries++) {
        const tallies = await run(dynalite.endpoint, ['plain'], { servers: 2, capacity: 4, clients: 32, plant });
        found = broken(tallies)[invariant];
      }
      expect(found).toBeGreaterThan(0);
    });
  }

  // These wait for seats to come back, and may do so together.
  const together = { concurrent: true };
  it('find an agent that lets no seat expire', together, async () => {
    const tallies = await run(dynalite.endpoint, ['plain'], { servers: 1, clients: 32, plant: 'never-expires' });
    expect(broken(tallies).away).toBeGreaterThan(0);
  });

  it('oversell nothing and lose nothing on dynalite, killed and cut off', together, () => holdsOn(dynalite.endpoint));

  const absent = whyNoDynamoDbLocal() !== undefined;
  it.skipIf(absent)('oversell nothing and lose nothing on DynamoDBLocal, killed and cut off', together, async () => {
    const engine = await startDynamoDbLocal();
    try {
      await holdsOn(engine.endpoint);
    } finally {
      await engine.close();
    }
  });
});
