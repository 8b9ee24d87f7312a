import { CountedModel } from './counted-model.ts';
import { COUNTED_WITHOUT } from './counted-rules.ts';
import type { CountedBudget } from './counted-state.ts';
import { type Exploration, explore } from './explore.ts';
import { SeatModel } from './seat-model.ts';
import { type SeatRules, WITHOUT, WITHOUT_ALONE, WITHOUT_RESERVED } from './seat-rules.ts';
import type { Budget } from './seat-state.ts';

/** A rule of docs/SEATS.md that is left out, and where the search must find the shortest way into trouble. */
interface Planted {
  readonly rule: string;
  /** Steps of that way: a model that lost a step, or a rule that lost its meaning, changes it. */
  readonly steps: number;
  readonly search: () => Exploration;
}

const MOST_STATES = 500_000;

/** One server with everything that a single agent can meet. */
const EVERYTHING: Partial<Budget> = {
  ...{ takes: 3, beats: 3, directJoins: 1, cancels: 1, capacityChanges: 1, rowsLost: 1, copies: 2 },
  ...{ restarts: 1, withJournal: true, withoutJournal: true },
};
const SPLIT: Partial<Budget> = { takes: 2, beats: 2, restarts: 1, isSplit: true };
const ALTERNATE: Partial<Budget> = { takes: 1, beats: 2, failovers: 2, capacityChanges: 2 };

function onServer(rules: SeatRules | undefined, budget: Partial<Budget>): () => Exploration {
  const reserved = budget.failovers ? { reservePercent: 5, strangers: ['x:1', 'x:2'] } : {};
  const configuration = { capacity: 2, ...reserved, budget };
  return () => explore(new SeatModel(configuration, rules), { maxStates: MOST_STATES });
}

function counted(rule: string, steps: number, budget: Partial<CountedBudget>): Planted {
  const configuration = { capacity: 2, expireMs: 1, budget };
  const search = () => explore(new CountedModel(configuration, COUNTED_WITHOUT[rule]), { maxStates: MOST_STATES });
  return { rule: `counted: ${rule}`, steps, search };
}

function of(
  rules: Readonly<Record<string, SeatRules>>,
  budget: Partial<Budget>,
  steps: Readonly<Record<string, number>>,
): Planted[] {
  return Object.entries(rules).map(([rule, product]) => ({
    rule,
    steps: steps[rule] ?? 0,
    search: onServer(product, budget),
  }));
}

export const PLANTED: readonly Planted[] = [
  ...of(WITHOUT, EVERYTHING, {
    'beat fence': 5,
    'used set': 4,
    'cancel of a seat that is not out': 2,
    'cancel of a seat in use': 3,
    'voiding at a restart without journal': 3,
    'sessions known before anything is raised': 3,
    'a direct join takes': 1,
    'the floor before computing': 2,
    'free >= k': 2,
    'journal before the answer': 3,
    'no free seat in a new row': 4,
    'a new life in a new row': 4,
  }),
  ...of(WITHOUT_ALONE, SPLIT, {
    'the lease ends': 5,
    'nothing is raised until the lease is over': 5,
    'the life of a ticket': 3,
    'the owner of a beat': 6,
  }),
  ...of(WITHOUT_RESERVED, ALTERNATE, {
    'a raise that is on its way': 7,
    'a raise that is on its way after reading again': 6,
    'a lower capacity that is on its way': 5,
    'the lower capacity of the row': 6,
    'the known total, not the number let in': 4,
    'once per ticket': 3,
  }),
  counted('a fall is held for T', 11, { takes: 1, beats: 2, walkIns: 1 }),
  counted('a fall is asked for T after the first answer', 15, { takes: 1, beats: 2, walkIns: 1 }),
  counted('the oldest are marked', 13, { takes: 2, beats: 3 }),
  counted('the floor waits for the query', 8, { takes: 1, beats: 2 }),
  counted('no mark before a trusted query', 11, { takes: 2, beats: 2, restarts: 1, withoutJournal: true }),
  counted('no raise before a trusted query', 4, { takes: 1, beats: 1, restarts: 1, withoutJournal: true }),
];
