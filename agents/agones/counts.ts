import type { AgonesFacts, Counter, List } from './facts.ts';
import { type RpcError, rpcError } from './rpc-error.ts';

/** Facts with something changed, or why not. */
export type Changed = Partial<Pick<AgonesFacts, 'players' | 'counters' | 'lists'>> | RpcError;

/** As in Agones: more values are no list to look through. */
const MAX_LIST_CAPACITY = 1_000;

export interface CounterUpdate {
  readonly count?: number;
  readonly capacity?: number;
  /** Added to the count; 0: nothing. */
  readonly countDiff?: number;
}

/** UpdateCounter: a capacity below the count cuts it; a count outside of 0..capacity is refused. */
export function updateCounter({ counters }: AgonesFacts, name: string, update: CounterUpdate): Changed {
  const known = own(counters, name);
  if (!known) return rpcError('NOT_FOUND', `counter not found: ${name}`);
  const { capacity = known.capacity, countDiff = 0 } = update;
  if (capacity < 0) return rpcError('OUT_OF_RANGE', 'the capacity must be 0 or more');
  const count = (update.count ?? Math.min(known.count, capacity)) + countDiff;
  if (count < 0 || count > capacity) return rpcError('OUT_OF_RANGE', `the count must be from 0 to ${capacity}`);
  return { counters: { ...counters, [name]: { count, capacity } } };
}

/** UpdateList: replaces what is given; values beyond the capacity are cut off, and each is there once. */
export function updateList({ lists }: AgonesFacts, name: string, update: Partial<List>): Changed {
  const known = own(lists, name);
  if (!known) return rpcError('NOT_FOUND', `list not found: ${name}`);
  const { capacity = known.capacity, values = known.values } = update;
  if (capacity < 0 || capacity > MAX_LIST_CAPACITY) {
    return rpcError('OUT_OF_RANGE', `the capacity must be from 0 to ${MAX_LIST_CAPACITY}`);
  }
  return { lists: { ...lists, [name]: { capacity, values: [...new Set(values)].slice(0, capacity) } } };
}

export function addListValue({ lists }: AgonesFacts, name: string, value: string): Changed {
  const known = own(lists, name);
  if (!known) return rpcError('NOT_FOUND', `list not found: ${name}`);
  if (known.values.includes(value)) return rpcError('ALREADY_EXISTS', `the list has it already: ${value}`);
  if (known.values.length >= known.capacity) return rpcError('OUT_OF_RANGE', 'the list is full');
  return { lists: { ...lists, [name]: { ...known, values: [...known.values, value] } } };
}

export function removeListValue({ lists }: AgonesFacts, name: string, value: string): Changed {
  const known = own(lists, name);
  if (!known) return rpcError('NOT_FOUND', `list not found: ${name}`);
  if (!known.values.includes(value)) return rpcError('NOT_FOUND', `not in the list: ${value}`);
  return { lists: { ...lists, [name]: { ...known, values: known.values.filter((each) => each !== value) } } };
}

export function setPlayerCapacity({ players }: AgonesFacts, capacity: number): Changed {
  if (capacity < 0) return rpcError('OUT_OF_RANGE', 'the capacity must be 0 or more');
  return { players: { ...players, capacity } };
}

/** PlayerConnect of somebody who is not there yet. */
export function connectPlayer({ players }: AgonesFacts, id: string): Changed {
  if (players.ids.length >= players.capacity) return rpcError('UNKNOWN', 'players are already at capacity');
  return { players: { ...players, ids: [...players.ids, id] } };
}

export function disconnectPlayer({ players }: AgonesFacts, id: string): Changed {
  return { players: { ...players, ids: players.ids.filter((each) => each !== id) } };
}

/** A counter or list of that name, never what objects have by birth. */
export function own<T extends Counter | List>(all: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(all, name) ? all[name] : undefined;
}
