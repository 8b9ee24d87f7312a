import { describe, expect, it } from 'vitest';
import type { Assigner, AssignerOptions } from '../../../core/assign/assigner.ts';
import type { Assignment, AssignOutcome } from '../../../core/assign/types.ts';
import { createPolicy } from '../../../core/select/create-policy.ts';
import { type AssignBench, anAssignBench, aRequest } from '../../support/assign-bench.ts';
import { aServer } from '../../support/builders.ts';
import { seededRng } from '../../support/seeded-rng.ts';

const SEEDS = [1, 2, 3];
const CAPACITY = 25;
const fourServers = () =>
  ['a', 'b', 'c', 'd'].map((name) => aServer({ id: `${name}.0`, capacity: CAPACITY, gen: `0000000000000${name}00` }));

/** A few turns of the event loop, by chance. */
function someTurns(seed: number): () => Promise<void> {
  const rng = seededRng(seed);
  return async () => {
    for (let turns = Math.floor(rng.float() * 5); turns > 0; turns--) await new Promise((done) => setImmediate(done));
  };
}

async function anyFree(bench: AssignBench): Promise<number> {
  const rows = await bench.store.list();
  return rows.reduce((sum, { seats }) => sum + (seats?.free ?? 0), 0);
}

/** All ask at once; with each "no-capacity" goes what was free in the registry when it was said. */
async function askAtOnce(bench: AssignBench, assigners: readonly Assigner[], each: number) {
  const freeWhenRefused: number[] = [];
  const ask = async (assigner: Assigner): Promise<AssignOutcome> => {
    const outcome = await assigner.assign(aRequest());
    if (!outcome.ok && outcome.code === 'assign.no-capacity') freeWhenRefused.push(await anyFree(bench));
    return outcome;
  };
  const outcomes = await Promise.all(
    assigners.flatMap((assigner) => Array.from({ length: each }, () => ask(assigner))),
  );
  return { given: outcomes.filter((outcome): outcome is Assignment => outcome.ok), outcomes, freeWhenRefused };
}

const many = (bench: AssignBench, count: number, options: Partial<AssignerOptions> = {}) =>
  Array.from({ length: count }, () => bench.assigner(options));
const ids = (given: readonly Assignment[]) => new Set(given.map(({ id }) => id));

describe('many assigners with one old roster', () => {
  for (const seed of SEEDS) {
    for (const name of ['two-choices', 'least-loaded', 'rendezvous'] as const) {
      it(`fill four servers exactly and turn nobody away before: ${name}, seed ${seed}`, async () => {
        const bench = await anAssignBench(fourServers());
        bench.lag = someTurns(seed);
        const assigners = many(bench, 64, { policy: createPolicy(name) });
        const { given, outcomes, freeWhenRefused } = await askAtOnce(bench, assigners, 3);
        expect(ids(given).size).toBe(given.length);
        expect(given).toHaveLength(4 * CAPACITY);
        expect(await anyFree(bench)).toBe(0);
        expect(freeWhenRefused).toEqual(new Array(outcomes.length - given.length).fill(0));
      });
    }

    it(`turn nobody away while a seat is free or in their own stock, and waste none: gateways, seed ${seed}`, async () => {
      const bench = await anAssignBench(fourServers());
      bench.lag = someTurns(seed);
      const gateways = many(bench, 8, { stock: true });
      const first = await askAtOnce(bench, gateways, 10);
      expect(first.freeWhenRefused.every((free) => free === 0)).toBe(true);
      // What the first round left lies in the gateways' stock and must come out of it.
      const second = await askAtOnce(bench, gateways, 30);
      const given = [...first.given, ...second.given];
      expect(ids(given).size).toBe(given.length);
      expect(given).toHaveLength(4 * CAPACITY);
    });

    it(`give nothing twice where replies and requests are lost, seed ${seed}`, async () => {
      const bench = await anAssignBench(fourServers());
      bench.lag = someTurns(seed);
      const rng = seededRng(seed);
      for (let n = 0; n < 600; n++) {
        const draw = rng.float();
        bench.fates.push(draw < 0.6 ? 'answered' : draw < 0.8 ? 'reply-lost' : 'never-arrives');
      }
      const { given } = await askAtOnce(bench, many(bench, 64, { stock: seed === 2 }), 3);
      const taken = 4 * CAPACITY - (await anyFree(bench));
      expect(ids(given).size).toBe(given.length);
      expect(given.length).toBeGreaterThan(CAPACITY);
      expect(given.length).toBeLessThanOrEqual(taken);
    });
  }
});

describe('one gateway that many ask at once', () => {
  it('takes no more than twice what it gives', async () => {
    const bench = await anAssignBench([aServer({ id: 'a.0', capacity: 10_000 })]);
    bench.lag = someTurns(1);
    const { given } = await askAtOnce(bench, many(bench, 1, { stock: true }), 300);
    expect(given).toHaveLength(300);
    expect(10_000 - (await bench.free('a.0'))).toBeLessThanOrEqual(600);
    expect(bench.landed.length).toBeLessThan(120);
  });
});

describe('a roster that changes while takes are under way', () => {
  for (const seed of SEEDS) {
    it(`mixes up no server and no app, seed ${seed}`, async () => {
      const servers = ['a', 'b', 'c', 'd', 'e', 'f'].map((name, n) =>
        aServer({ id: `${name}.0`, capacity: 40, gen: `gen-of-${name}.0`, app: n % 2 === 0 ? 'even' : 'odd' }),
      );
      const bench = await anAssignBench(servers);
      const turns = someTurns(seed);
      const rng = seededRng(seed);
      bench.lag = async () => {
        // Servers come and go, so that each has another index every time.
        if (rng.float() < 0.3) bench.showOnly(servers.filter(() => rng.float() < 0.7));
        if (rng.float() < 0.1) bench.fates.push('never-arrives', 'never-arrives');
        await turns();
      };
      const assigners = [bench.assigner({ stock: true }), bench.assigner({ stock: true }), bench.assigner()];
      const outcomes = await Promise.all(
        assigners.flatMap((assigner) =>
          Array.from({ length: 60 }, async (_, n) => {
            const app = n % 2 === 0 ? 'even' : 'odd';
            for (let turn = n % 7; turn > 0; turn--) await turns();
            return { app, outcome: await assigner.assign(aRequest({ app })) };
          }),
        ),
      );
      const given = outcomes.flatMap(({ app, outcome }) => (outcome.ok ? [{ app, outcome }] : []));
      expect(given.length).toBeGreaterThan(60);
      expect(ids(given.map(({ outcome }) => outcome)).size).toBe(given.length);
      for (const { app, outcome } of given) {
        expect(outcome.server.app).toBe(app);
        expect(outcome.id).toMatch(new RegExp(`^${outcome.server.id}:gen-of-${outcome.server.id}:`));
      }
    });
  }
});
