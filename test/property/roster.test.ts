import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../adapters/memory/registry-store.ts';
import type { RosterItem } from '../../core/ports.ts';
import { createRosterWriter, type RowChanges } from '../../core/registry/roster-pass.ts';
import { createRosterReader, type RosterReader } from '../../core/registry/roster-reader.ts';
import { rowKey, type ServerRow } from '../../core/registry/row.ts';
import { aServer } from '../support/builders.ts';
import { fakeClock } from '../support/fake-clock.ts';

const SERVERS = 6;
const keyOf = (n: number): string => rowKey(`AROAEXAMPLE:i-${n}`, 0);

/** What happens to server `n`. */
const aChange = fc.record({
  n: fc.nat(SERVERS - 1),
  what: fc.constantFrom('beat', 'beat', 'beat', 'take', 'suspect', 'trust', 'place', 'move', 'bury', 'forget'),
  number: fc.integer({ min: 0, max: 8 }),
});
const aStep = fc.record({
  changes: fc.array(aChange, { maxLength: 8 }),
  passMs: fc.constantFrom(200, 1_000, 5_000, 20_000, 61_000),
  /** The stream's consumer had failed before, so that the batch begins with so many of its own images. */
  again: fc.nat(20),
});
type Change = typeof aChange extends fc.Arbitrary<infer T> ? T : never;

/** A registry, and the images of its rows as a stream would bring them. */
function aRegistry() {
  const store = createMemoryStore();
  const beats = new Map<string, number>();
  let images: ServerRow[] = [];
  let removed: string[] = [];

  const changeRow = async ({ n, what, number }: Change): Promise<void> => {
    const key = keyOf(n);
    const gen = `00000000000000a${n}`;
    const beat = beats.get(key);
    if (what === 'beat' && beat === undefined) {
      const made = await store.write(key, { kind: 'create', gen, nowMs: 1_000 });
      if (made.ok) beats.set(key, made.row.seats!.beat);
    } else if (what === 'beat') {
      const load = { hb: 0, sessions: number, capacity: 10, state: 'ready' } as const;
      const reply = await store.write(key, { kind: 'beat', gen, beat: beat!, addFree: number % 3, ...load });
      if (reply.ok) beats.set(key, reply.row.seats!.beat);
    } else if (what === 'take') {
      await store.write(key, { kind: 'take', k: 1, token: `${n}-${number}` });
    } else if (what === 'suspect' || what === 'trust') await store.suspect(key, what === 'suspect');
    else if (what === 'place' || what === 'move') {
      const group = what === 'move' ? `g${number}` : 'g1';
      await store.place(key, aServer({ id: `i-${n}.0`, group }).server);
    } else if (what === 'bury') await store.bury(key);
    else if (await store.forget(key, (await store.get(key))?.seats?.beat ?? -1)) {
      beats.delete(key);
      removed.push(key);
      images = images.filter((image) => image.key !== key);
      return;
    }
    const row = await store.get(key);
    if (row) images.push(row);
    if (row) removed = removed.filter((gone) => gone !== key);
  };

  return {
    store,
    changeRow,
    /** What came since it was asked last, in order; the first `again` images twice. */
    takeChanges(again: number): RowChanges {
      const changes = { rows: [...images.slice(0, again), ...images], removed };
      images = [];
      removed = [];
      return changes;
    },
  };
}

const numbersOf = (reader: RosterReader) => {
  const { version, entries, free, capacity, listed, sessions, beat, beatAgeMs, state, suspect } = reader.view();
  return { version, entries, free, capacity, listed, sessions, beat, beatAgeMs, state, suspect };
};

describe('the roster', () => {
  it('has the same bytes from the consumer of a stream as from a tick that lists', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(aStep, { minLength: 1, maxLength: 12 }), async (steps) => {
        const { store, changeRow, takeChanges } = aRegistry();
        const clock = fakeClock();
        const items = { tick: new Map<string, RosterItem>(), stream: new Map<string, RosterItem>() };
        const writers = (['tick', 'stream'] as const).map((name) =>
          createRosterWriter({
            store: {
              list: store.list,
              readRoster: async (item) => items[name].get(item),
              writeRoster: async (item) => void items[name].set(item.name, item),
            },
            clock,
          }),
        );
        for (const { changes, passMs, again } of steps) {
          for (const change of changes) await changeRow(change);
          clock.advance(passMs);
          const byTick = await writers[0]!.pass();
          const byStream = await writers[1]!.pass(takeChanges(again));
          expect(byStream).toEqual(byTick);
          expect([...items.stream.values()]).toEqual([...items.tick.values()]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('is the same for a reader that has it written over and over as for one that has just come', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(aStep, { minLength: 1, maxLength: 12 }), async (steps) => {
        const { store, changeRow } = aRegistry();
        const clock = fakeClock();
        const writer = createRosterWriter({ store, clock });
        const options = { readRoster: store.readRoster, clock, refreshMs: 0 };
        const old = createRosterReader(options);
        for (const { changes, passMs } of steps) {
          for (const change of changes) await changeRow(change);
          clock.advance(passMs);
          await writer.pass();
          await old.refresh();
          // What assigners correct must not outlive the next reading.
          const fresh = createRosterReader(options);
          await fresh.refresh();
          expect(numbersOf(old)).toEqual(numbersOf(fresh));
          old.view().free.fill(99);
          old.view().open.fill(1);
        }
      }),
      { numRuns: 60 },
    );
  });
});
