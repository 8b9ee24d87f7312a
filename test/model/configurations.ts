import { type CountedConfiguration, CountedModel } from './counted-model.ts';
import type { Model } from './explore.ts';
import { type SeatConfiguration, SeatModel } from './seat-model.ts';
import { TwoServers } from './two-servers.ts';

export interface Search {
  readonly name: string;
  /** Only with `--deep`: larger than three minutes allow. */
  readonly isDeep: boolean;
  readonly model: () => Model<unknown>;
}

/** Two seats a server: enough for one to be in use while one is free, taken or lost. Of two, one is kept in reserve. */
const TWO = { capacity: 2 } as const;
const KEPT = { capacity: 2, reservePercent: 5 } as const;
const RESTARTS = { restarts: 1, withJournal: true, withoutJournal: true } as const;

function search<S>(name: string, model: () => Model<S>, isDeep = false): Search {
  return { name, isDeep, model: model as unknown as () => Model<unknown> };
}

function server(name: string, configuration: SeatConfiguration, isDeep = false): Search {
  return search(name, () => new SeatModel(configuration), isDeep);
}

function pair(name: string, configuration: SeatConfiguration, isDeep = false): Search {
  return search(`two servers: ${name}`, () => new TwoServers(configuration), isDeep);
}

function counted(name: string, configuration: CountedConfiguration, isDeep = false): Search {
  return search(`counted: ${name}`, () => new CountedModel(configuration), isDeep);
}

/** What `npm run model` searches to the end, the longest first. */
export const SEARCHES: readonly Search[] = [
  server('2 taken, 2 beats, every write in 2 copies, capacity cut, restart with journal', {
    ...TWO,
    budget: { takes: 2, beats: 2, copies: 2, capacityChanges: 1, restarts: 1, withJournal: true },
  }),
  server('2 taken, 2 beats, a direct join, two agents at one row', {
    ...TWO,
    budget: { takes: 2, beats: 2, directJoins: 1, restarts: 1, isSplit: true },
  }),
  pair('2 taken, 2 beats, 2 failovers', { ...KEPT, budget: { takes: 2, beats: 2, failovers: 2 } }),
  pair('2 taken, a beat, 2 failovers, a seat given back, capacity cut, restart with journal', {
    ...KEPT,
    budget: { takes: 2, beats: 1, failovers: 2, cancels: 1, capacityChanges: 1, restarts: 1, withJournal: true },
  }),
  pair('2 taken, a beat, 2 failovers, a seat given back, restart without journal', {
    ...KEPT,
    budget: { takes: 2, beats: 1, failovers: 2, cancels: 1, restarts: 1, withoutJournal: true },
  }),
  server('an alternate: 1 taken, 2 beats, 2 failovers, capacity cut and restored, restart with and without journal', {
    ...KEPT,
    strangers: ['x:1', 'x:2'],
    budget: { takes: 1, beats: 2, failovers: 2, capacityChanges: 2, ...RESTARTS },
  }),
  counted('2 taken, 2 beats, a walk-in, T in one step', {
    ...{ ...TWO, expireMs: 1 },
    budget: { takes: 2, beats: 2, walkIns: 1 },
  }),
  counted('2 taken, a beat in 2 copies, a walk-in, T in two steps, capacity cut', {
    ...{ ...TWO, expireMs: 2 },
    budget: { takes: 2, beats: 1, copies: 2, walkIns: 1, capacityChanges: 1 },
  }),
  counted('2 taken, 2 beats, restart with and without journal, T in one step', {
    ...{ ...TWO, expireMs: 1 },
    budget: { takes: 2, beats: 2, ...RESTARTS },
  }),
  server('3 taken, 3 beats, capacity cut', { ...TWO, budget: { takes: 3, beats: 3, capacityChanges: 1 } }),
  server('2 taken, 2 beats, a direct join, a seat given back, restart with journal', {
    ...TWO,
    budget: { takes: 2, beats: 2, directJoins: 1, cancels: 1, restarts: 1, withJournal: true },
  }),
  server('2 taken, 2 beats, a direct join, a seat given back, restart without journal', {
    ...TWO,
    budget: { takes: 2, beats: 2, directJoins: 1, cancels: 1, restarts: 1, withoutJournal: true },
  }),
  server('2 taken, a beat, every write in 3 copies, a direct join, capacity cut', {
    ...TWO,
    budget: { takes: 2, beats: 1, copies: 3, directJoins: 1, capacityChanges: 1 },
  }),
  server('3 taken, 2 beats, capacity cut, restart without journal', {
    ...TWO,
    budget: { takes: 3, beats: 2, capacityChanges: 1, restarts: 1, withoutJournal: true },
  }),
  server(
    '2 taken, 2 beats, the row deleted twice and made anew with the same serials, restart with and without journal',
    {
      ...TWO,
      budget: { takes: 2, beats: 2, rowsLost: 2, ...RESTARTS },
    },
  ),
  server(
    '3 taken, 3 beats, a direct join, capacity cut, restart without journal',
    {
      ...TWO,
      budget: { takes: 3, beats: 3, directJoins: 1, capacityChanges: 1, restarts: 1, withoutJournal: true },
    },
    true,
  ),
  server(
    '2 taken, 2 beats, every write in 3 copies, a direct join',
    {
      ...TWO,
      budget: { takes: 2, beats: 2, copies: 3, directJoins: 1 },
    },
    true,
  ),
  pair(
    '3 taken, 2 beats, 2 failovers, a seat given back, capacity cut',
    {
      ...KEPT,
      budget: { takes: 3, beats: 2, failovers: 2, cancels: 1, capacityChanges: 1 },
    },
    true,
  ),
  counted(
    '3 taken, 2 beats in 2 copies, 2 walk-ins, T in two steps',
    {
      ...{ ...TWO, expireMs: 2 },
      budget: { takes: 3, beats: 2, copies: 2, walkIns: 2 },
    },
    true,
  ),
  counted(
    '3 taken, 2 beats, a walk-in, restart without journal, T in two steps',
    {
      ...{ ...TWO, expireMs: 2 },
      budget: { takes: 3, beats: 2, walkIns: 1, restarts: 1, withoutJournal: true },
    },
    true,
  ),
];

/** Small enough for every run of the tests, and together with everything in them. */
export const QUICK: readonly Search[] = [
  server('one of each', { ...TWO, budget: { takes: 2, beats: 1, directJoins: 1, cancels: 1, ...RESTARTS } }),
  pair('one of each', { ...KEPT, budget: { takes: 2, beats: 1, failovers: 2 } }),
  counted('one of each', { ...{ ...TWO, expireMs: 1 }, budget: { takes: 2, beats: 1, walkIns: 1 } }),
];
