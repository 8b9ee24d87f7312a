import * as fc from 'fast-check';
import { expect } from 'vitest';
import type { RegistryStore } from '../../core/ports.ts';
import { applyCommand, applyPlacement, type RowCommand, type WriteReply } from '../../core/registry/commands.ts';
import type { Placement, SeatFields, ServerRow } from '../../core/registry/row.ts';
import { aServer } from '../support/builders.ts';

/*
 * Random writes for comparing stores. Beats and lives are given relative to the row as it is (0: as it is), so that
 * most conditions hold or fail by one step only.
 */
const gens = fc.constantFrom('00000000000000a1', '00000000000000b2', '00000000000000c3');
const states = fc.constantFrom('starting' as const, 'ready' as const, 'ready' as const, 'draining' as const);
const offset = fc.constantFrom(0, 0, 0, 0, -1, 1);
const worlds = fc.constantFrom('w1', 'w2', 'ü "w" 3');

type Operation =
  | { readonly kind: 'create'; readonly gen: string; readonly nowMs: number }
  | { readonly kind: 'claim'; readonly seen: string | undefined; readonly gen: string }
  | { readonly kind: 'take'; readonly k: number; readonly token: string; readonly after: number | undefined }
  | {
      readonly kind: 'beat';
      readonly beatOffset: number;
      readonly gen: string | undefined;
      readonly addFree: number;
      readonly hb: number;
      readonly sessions: number;
      readonly capacity: number;
      readonly state: SeatFields['state'];
    }
  | { readonly kind: 'place' | 'enrol'; readonly world: string; readonly ipv6: boolean }
  | { readonly kind: 'bury' }
  | { readonly kind: 'suspect'; readonly suspect: boolean }
  | { readonly kind: 'drain'; readonly drain: boolean }
  | { readonly kind: 'forget'; readonly beatOffset: number };

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('create'), gen: gens, nowMs: fc.constantFrom(1_000, 2_000) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('claim'), seen: fc.option(gens, { nil: undefined }), gen: gens }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('take'),
      k: fc.integer({ min: 1, max: 3 }),
      token: fc.constantFrom('t1', 't2'),
      after: fc.option(offset, { nil: undefined }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('beat'),
      beatOffset: offset,
      gen: fc.option(gens, { nil: undefined, freq: 4 }),
      addFree: fc.integer({ min: -3, max: 5 }),
      hb: fc.integer({ min: 0, max: 10_000 }),
      sessions: fc.integer({ min: 0, max: 9 }),
      capacity: fc.integer({ min: 0, max: 9 }),
      state: states,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('place', 'enrol'), world: worlds, ipv6: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('bury') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('suspect'), suspect: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drain'), drain: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('forget'), beatOffset: offset }) },
);

/** A ready server, from which most writes do something. */
const READY: readonly Operation[] = [
  { kind: 'create', gen: '00000000000000a1', nowMs: 1_000 },
  {
    ...{ kind: 'beat', beatOffset: 0, gen: undefined, addFree: 5 },
    ...{ hb: 1_500, sessions: 0, capacity: 5, state: 'ready' },
  },
];

export const OPERATIONS: fc.Arbitrary<readonly Operation[]> = fc
  .tuple(fc.boolean(), fc.array(operation, { minLength: 1, maxLength: 14 }))
  .map(([ready, operations]) => (ready ? [...READY, ...operations] : operations));

type Write =
  | { readonly kind: 'command'; readonly command: RowCommand }
  | { readonly kind: 'place' | 'enrol'; readonly placement: Placement }
  | { readonly kind: 'forget'; readonly beat: number }
  | Extract<Operation, { kind: 'bury' | 'suspect' | 'drain' }>;

/** The write that an operation is, given the row as it is. */
function resolve(operation: Operation, row: ServerRow | undefined): Write {
  const beat = row?.seats?.beat ?? 1_000;
  const gen = row?.seats?.gen ?? '';
  switch (operation.kind) {
    case 'create':
      return { kind: 'command', command: operation };
    case 'claim':
      return { kind: 'command', command: { ...operation, seen: operation.seen ?? gen } };
    case 'take': {
      const { after, ...take } = operation;
      return { kind: 'command', command: { ...take, ...(after !== undefined && { beatAfter: beat + after }) } };
    }
    case 'beat': {
      const { beatOffset, ...rest } = operation;
      return { kind: 'command', command: { ...rest, beat: beat + beatOffset, gen: operation.gen ?? gen } };
    }
    case 'place':
    case 'enrol': {
      const { kind, world, ipv6 } = operation;
      return { kind, placement: aServer({ world, ...(ipv6 && { ipv4: undefined, ipv6: '2001:db8::1' }) }).server };
    }
    case 'forget':
      return { kind: 'forget', beat: beat + operation.beatOffset };
    default:
      return operation;
  }
}

async function perform(store: RegistryStore, key: string, write: Write): Promise<WriteReply | boolean> {
  switch (write.kind) {
    case 'command':
      return store.write(key, write.command);
    case 'place':
      return store.place(key, write.placement);
    case 'enrol':
      return store.enrol(key, write.placement);
    case 'bury':
      return store.bury(key);
    case 'suspect':
      return store.suspect(key, write.suspect);
    case 'drain':
      return store.drain(key, write.drain);
    case 'forget':
      return store.forget(key, write.beat);
  }
}

/** What core says of the write; for the writes that core has no word for, what core/ports.ts says. */
function meaning(key: string, row: ServerRow | undefined, write: Write): WriteReply {
  const seats = row?.seats;
  switch (write.kind) {
    case 'command':
      return applyCommand(key, row, write.command);
    case 'place':
      return applyPlacement(row, write.placement);
    case 'enrol':
      return { ok: true, row: { key, suspect: false, ...row, placement: write.placement } };
    case 'bury':
      return seats ? { ok: true, row: { ...row, seats: { ...seats, state: 'gone' } } } : { ok: false, row };
    case 'suspect':
      return seats ? { ok: true, row: { ...row, suspect: write.suspect } } : { ok: false, row };
    case 'drain': {
      if (!seats) return { ok: false, row };
      const { drain: _, ...rest } = row;
      return { ok: true, row: write.drain ? { ...rest, drain: true } : rest };
    }
    case 'forget':
      return { ok: false, row: seats?.state === 'gone' && seats.beat === write.beat ? undefined : row };
  }
}

/** Performs the operations one after the other and compares every reply, and the row at the end, with the meaning. */
export async function expectMeaning(store: RegistryStore, key: string, operations: readonly Operation[]) {
  let row: ServerRow | undefined;
  for (const operation of operations) {
    const write = resolve(operation, row);
    const expected = meaning(key, row, write);
    const forgotten = row !== undefined && expected.row === undefined;
    expect(await perform(store, key, write)).toStrictEqual(write.kind === 'forget' ? forgotten : expected);
    row = expected.row;
  }
  expect(await store.get(key)).toStrictEqual(row);
}
