import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anAssignBench, aRequest } from '../support/assign-bench.ts';
import { aServer } from '../support/builders.ts';

const encoder = new TextEncoder();
const party = (n: number, size: number) => ({
  client: undefined,
  party: Array.from({ length: size }, (_, at) => encoder.encode(`${n}-${at}`)),
});
const aDeployment = (capacities: readonly number[]) =>
  anAssignBench(capacities.map((capacity, n) => aServer({ id: `s${n}.0`, capacity })));
const capacities = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 12 });

describe('parties', () => {
  it('come in whole, on one server, by one write, or are told that there is no room when there is none', async () => {
    await fc.assert(
      fc.asyncProperty(capacities, sizes, async (rooms, groups) => {
        const bench = await aDeployment(rooms);
        const assigner = bench.assigner();
        const left = new Map(rooms.map((room, n) => [`s${n}.0`, room]));
        const ids = new Set<string>();
        for (const [n, k] of groups.entries()) {
          const { client: _, ...request } = aRequest(party(n, k) as never);
          const before = bench.landed.length;
          const outcome = await assigner.assign(request);
          if (!outcome.ok) {
            expect(outcome.code).toBe('assign.no-capacity');
            expect(Math.max(...left.values())).toBeLessThan(k);
            continue;
          }
          const seats = outcome.seats ?? [outcome];
          expect(seats).toHaveLength(k);
          for (const { id } of seats) {
            expect(id.startsWith(`${outcome.server.id}:`)).toBe(true);
            expect(ids.has(id)).toBe(false);
            ids.add(id);
          }
          expect(bench.landed.slice(before)).toMatchObject([{ kind: 'take', k }]);
          left.set(outcome.server.id, left.get(outcome.server.id)! - k);
        }
        for (const [id, room] of left) expect(await bench.free(id)).toBe(room);
      }),
      { numRuns: 60 },
    );
  });

  it('never get more seats than there are, many at once, with old rosters and lost replies', async () => {
    const fates = fc.array(fc.constantFrom('answered', 'reply-lost', 'never-arrives'), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(capacities, sizes, fates, async (rooms, groups, fate) => {
        const bench = await aDeployment(rooms);
        bench.lag = () => new Promise((resolve) => setImmediate(resolve));
        bench.fates.push(...fate);
        const assigners = [bench.assigner(), bench.assigner()];
        const asked = groups.map(async (k, n) => {
          const { client: _, ...request } = aRequest(party(n, k) as never);
          return assigners[n % 2]!.assign(request);
        });
        const given = (await Promise.all(asked)).flatMap((outcome, n) => {
          if (!outcome.ok) return [];
          const seats = outcome.seats ?? [outcome];
          expect(seats).toHaveLength(groups[n]!);
          return seats.map(({ id }) => id);
        });
        expect(new Set(given).size).toBe(given.length);
        const free = await Promise.all(rooms.map((_, n) => bench.free(`s${n}.0`)));
        rooms.forEach((room, n) => {
          expect(free[n]).toBeGreaterThanOrEqual(0);
          const here = given.filter((id) => id.startsWith(`s${n}.0:`)).length;
          expect(here + free[n]!).toBeLessThanOrEqual(room);
        });
      }),
      { numRuns: 60 },
    );
  });
});
