import type { Placement, SeatFields, ServerRow, ServerState } from './row.ts';

/**
 * Every write to a server row, as data, with its meaning. Adapters translate a command into ONE conditional update;
 * the memory store and the model apply it by `applyCommand`, so all of them are held to the same text.
 * Conditions and their reasons: docs/SEATS.md section 1.
 */
export type RowCommand = TakeCommand | BeatCommand | ClaimCommand | CreateCommand;

/** An assigner (or, for a direct join, the agent itself) takes k seats. */
export interface TakeCommand {
  readonly kind: 'take';
  /** Number of seats, 1.. */
  readonly k: number;
  /** Random per take, the same in every retry of it. */
  readonly token: string;
  /** A beat that this assigner saw 15 s ago by its own clock: the row must have moved on since. */
  readonly beatAfter?: number;
}

/** The agent's periodic write. */
export interface BeatCommand {
  readonly kind: 'beat';
  readonly gen: string;
  /** The beat that the row must still have. */
  readonly beat: number;
  /** Change of `free`; when negative the row must still have that many. */
  readonly addFree: number;
  readonly hb: number;
  readonly sessions: number;
  readonly capacity: number;
  readonly state: ServerState;
  /** What the row's `sees` becomes; absent: it stays. */
  readonly sees?: readonly string[];
}

/** A new life of an agent takes over an existing row. */
export interface ClaimCommand {
  readonly kind: 'claim';
  readonly seen: string;
  readonly gen: string;
  /** The row has words of the life before about other servers: they go. */
  readonly forgets?: true;
}

/** An agent makes its row (or the seats of an enrolled row), which must not have a `gen` yet. */
export interface CreateCommand {
  readonly kind: 'create';
  readonly gen: string;
  /** Creation time in ms: start of `issued` and of `beat`, so that neither ever repeats after a row made anew. */
  readonly nowMs: number;
}

/** What a conditional update answers: the row after it, or, refused, the row as it is (undefined: no such row). */
export type WriteReply =
  | { readonly ok: true; readonly row: ServerRow }
  | { readonly ok: false; readonly row: ServerRow | undefined };

/** Whether `command` may change `row`: the condition of the update, clause by clause. */
function conditionHolds(row: ServerRow | undefined, command: RowCommand): boolean {
  const seats = row?.seats;
  switch (command.kind) {
    case 'create':
      return seats === undefined;
    case 'claim':
      return seats !== undefined && seats.gen === command.seen;
    case 'beat':
      return (
        seats !== undefined &&
        seats.beat === command.beat &&
        seats.gen === command.gen &&
        (command.addFree >= 0 || seats.free >= -command.addFree)
      );
    case 'take':
      return (
        seats !== undefined &&
        seats.free >= command.k &&
        seats.state === 'ready' &&
        seats.last !== command.token &&
        (command.beatAfter === undefined || seats.beat > command.beatAfter)
      );
  }
}

/** The seats after `command`, given that its condition holds. */
function seatsAfter(seats: SeatFields | undefined, command: RowCommand): SeatFields {
  if (command.kind === 'create') {
    return {
      free: 0,
      issued: command.nowMs,
      beat: command.nowMs,
      gen: command.gen,
      last: '',
      capacity: 0,
      state: 'starting',
      hb: command.nowMs,
      sessions: 0,
    };
  }
  const before = seats as SeatFields;
  switch (command.kind) {
    case 'claim':
      return { ...before, gen: command.gen, beat: before.beat + 1 };
    case 'take':
      return { ...before, free: before.free - command.k, issued: before.issued + command.k, last: command.token };
    case 'beat':
      return {
        ...before,
        free: before.free + command.addFree,
        beat: command.beat + 1,
        hb: command.hb,
        sessions: command.sessions,
        capacity: command.capacity,
        state: command.state,
      };
  }
}

/** What the row says of other servers after `command`; undefined: nothing. */
function seesAfter(before: readonly string[] | undefined, command: RowCommand): readonly string[] | undefined {
  if (command.kind === 'claim' && command.forgets) return undefined;
  if (command.kind !== 'beat' || !command.sees) return before;
  return command.sees.length > 0 ? command.sees : undefined;
}

/** One conditional update, as the registry performs it. `key` names the row to make when there is none. */
export function applyCommand(key: string, row: ServerRow | undefined, command: RowCommand): WriteReply {
  if (!conditionHolds(row, command)) return { ok: false, row };
  const { sees: before, ...base }: ServerRow = row ?? { key, suspect: false };
  const sees = seesAfter(before, command);
  return { ok: true, row: { ...base, ...(sees && { sees }), seats: seatsAfter(row?.seats, command) } };
}

/** The registrar's write: only its own attributes, and only on a row that an agent made. */
export function applyPlacement(row: ServerRow | undefined, placement: Placement): WriteReply {
  if (row?.seats === undefined) return { ok: false, row };
  return { ok: true, row: { ...row, placement } };
}
