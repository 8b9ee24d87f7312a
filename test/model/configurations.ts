import type { SeatConfiguration } from './seat-model.ts';

/** What `npm run model` searches to the end. Two seats each: enough for one to be in use while one is free, taken or lost. */
export const CONFIGURATIONS: readonly SeatConfiguration[] = [
  {
    name: '3 seats taken, 3 beats, capacity cut',
    capacity: 2,
    budget: { takes: 3, beats: 3, capacityChanges: 1 },
  },
  {
    name: '2 taken, 2 beats, every write in 2 copies, capacity cut, restart with journal',
    capacity: 2,
    budget: { takes: 2, beats: 2, copies: 2, capacityChanges: 1, restarts: 1, withJournal: true },
  },
  {
    name: '3 taken, 2 beats, capacity cut, restart without journal',
    capacity: 2,
    budget: { takes: 3, beats: 2, capacityChanges: 1, restarts: 1, withoutJournal: true },
  },
  {
    name: '2 taken, 2 beats, a direct join, a seat given back, restart with journal',
    capacity: 2,
    budget: { takes: 2, beats: 2, directJoins: 1, cancels: 1, restarts: 1, withJournal: true },
  },
  {
    name: '2 taken, 2 beats, a direct join, a seat given back, restart without journal',
    capacity: 2,
    budget: { takes: 2, beats: 2, directJoins: 1, cancels: 1, restarts: 1, withoutJournal: true },
  },
  {
    name: '2 taken, 2 beats, the row deleted twice and made anew with the same serials, restart with and without journal',
    capacity: 2,
    budget: { takes: 2, beats: 2, rowsLost: 2, restarts: 1, withJournal: true, withoutJournal: true },
  },
];

/** Small enough for every run of the tests, and with everything in it. */
export const QUICK: SeatConfiguration = {
  name: 'one of each',
  capacity: 2,
  budget: { takes: 2, beats: 1, directJoins: 1, cancels: 1, restarts: 1, withJournal: true, withoutJournal: true },
};

/** Where a rule that is left out must show. */
export const EVERYTHING: SeatConfiguration = {
  name: 'everything',
  capacity: 2,
  budget: {
    takes: 3,
    beats: 3,
    directJoins: 1,
    restarts: 1,
    withJournal: true,
    withoutJournal: true,
    capacityChanges: 1,
    cancels: 1,
    rowsLost: 1,
    copies: 2,
  },
};
