import { describe, expect, it } from 'vitest';
import {
  applyCommand,
  applyPlacement,
  type BeatCommand,
  type ClaimCommand,
  type CreateCommand,
  type RowCommand,
  type TakeCommand,
} from '../../../core/registry/commands.ts';
import type { SeatFields, ServerRow } from '../../../core/registry/row.ts';
import { aServer } from '../../support/builders.ts';
import { aRow, KEY, MINE, someSeats } from './books.ts';

const aTake = (changes: Partial<TakeCommand> = {}): TakeCommand => ({ kind: 'take', k: 3, token: 't1', ...changes });
const aBeat = (changes: Partial<BeatCommand> = {}): BeatCommand => ({
  kind: 'beat',
  gen: MINE,
  beat: 50,
  addFree: 2,
  hb: 77,
  sessions: 4,
  capacity: 12,
  state: 'draining',
  ...changes,
});
const aClaim = (changes: Partial<ClaimCommand> = {}): ClaimCommand => ({
  kind: 'claim',
  seen: MINE,
  gen: 'next',
  ...changes,
});
const aCreation: CreateCommand = { kind: 'create', gen: 'new', nowMs: 1_700_000_000_000 };

/** The seats after a command that must land. */
function landed(row: ServerRow | undefined, command: RowCommand): SeatFields | undefined {
  const reply = applyCommand(KEY, row, command);
  expect(reply.ok).toBe(true);
  return reply.row?.seats;
}

describe('a take', () => {
  it('lowers free, raises issued by the same number, leaves its token and touches nothing else', () => {
    expect(landed(aRow(), aTake())).toEqual(someSeats({ free: 7, issued: 103, last: 't1' }));
  });

  it('may take the last seat', () => {
    expect(landed(aRow({ free: 3 }), aTake())).toMatchObject({ free: 0, issued: 103 });
  });

  it('lands when the row has moved on since the beat that was seen', () => {
    expect(landed(aRow(), aTake({ beatAfter: 49 }))).toMatchObject({ free: 7 });
  });
});

describe('a beat', () => {
  it('adds to free, raises its beat by one, writes what is the agent’s and touches neither issued nor last', () => {
    expect(landed(aRow({ free: 5, last: 't0' }), aBeat())).toEqual(
      someSeats({ free: 7, beat: 51, hb: 77, sessions: 4, capacity: 12, state: 'draining', last: 't0' }),
    );
  });

  it('adds to whatever is free by now, so that a take in between stays', () => {
    const row: ServerRow = { ...aRow(), seats: landed(aRow(), aTake()) as SeatFields };
    expect(landed(row, aBeat({ addFree: -7 }))).toMatchObject({ free: 0 });
  });

  it('lifts a tombstone', () => {
    expect(landed(aRow({ state: 'gone' }), aBeat({ state: 'ready' }))).toMatchObject({ state: 'ready' });
  });
});

describe('a claim', () => {
  it('changes the life and the beat, and leaves every seat as it is', () => {
    const seats = someSeats({ free: 4, issued: 160, last: 't9' });
    expect(landed({ ...aRow(), seats }, aClaim())).toEqual({ ...seats, gen: 'next', beat: 51 });
  });
});

describe('the making of a row', () => {
  const made = {
    free: 0,
    issued: 1_700_000_000_000,
    beat: 1_700_000_000_000,
    gen: 'new',
    last: '',
    capacity: 0,
    state: 'starting',
    hb: 1_700_000_000_000,
    sessions: 0,
  };

  it('makes one without a free seat, with serials that no row before can have had', () => {
    expect(applyCommand(KEY, undefined, aCreation)).toEqual({
      ok: true,
      row: { key: KEY, suspect: false, seats: made },
    });
  });

  it('gives seats to an enrolled row and leaves what the operator wrote', () => {
    const enrolled: ServerRow = { key: KEY, suspect: true, placement: aServer().server };
    expect(applyCommand(KEY, enrolled, aCreation)).toEqual({ ok: true, row: { ...enrolled, seats: made } });
  });
});

describe('a refusal', () => {
  const cases: readonly (readonly [string, ServerRow | undefined, RowCommand])[] = [
    ['a take of a row that is not there', undefined, aTake()],
    ['a take of a row without seats', { key: KEY, suspect: false }, aTake()],
    ['a take of more seats than are free', aRow({ free: 2 }), aTake()],
    ['a take of a starting server', aRow({ state: 'starting' }), aTake()],
    ['a take of a draining server', aRow({ state: 'draining' }), aTake()],
    ['a take of a buried server', aRow({ state: 'gone' }), aTake()],
    ['a take that landed before', aRow({ last: 't1' }), aTake()],
    ['a take of a server that has not beaten since', aRow(), aTake({ beatAfter: 50 })],
    ['a beat of a row that is not there', undefined, aBeat()],
    ['a beat of a row without seats', { key: KEY, suspect: false }, aBeat()],
    ['a beat that landed before', aRow({ beat: 51 }), aBeat()],
    ['a beat of another life', aRow({ gen: 'other' }), aBeat()],
    ['a beat that burns more than is free', aRow({ free: 1 }), aBeat({ addFree: -2 })],
    ['a claim of a row that is not there', undefined, aClaim()],
    ['a claim of a row that another life claimed', aRow({ gen: 'other' }), aClaim()],
    ['the making of a row that has seats', aRow(), aCreation],
  ];
  for (const [what, row, command] of cases) {
    it(`changes nothing and shows the row: ${what}`, () => {
      expect(applyCommand(KEY, row, command)).toEqual({ ok: false, row });
    });
  }
});

describe('the registrar’s write', () => {
  const { server } = aServer();

  it('puts the server in its place and leaves the seats alone', () => {
    expect(applyPlacement(aRow(), server)).toEqual({ ok: true, row: { ...aRow(), placement: server } });
  });

  it('makes no row: an agent has to be there', () => {
    expect(applyPlacement(undefined, server)).toEqual({ ok: false, row: undefined });
    const enrolled: ServerRow = { key: KEY, suspect: false };
    expect(applyPlacement(enrolled, server)).toEqual({ ok: false, row: enrolled });
  });
});
