import { describe, expect, it } from 'vitest';
import { EVERYTHING, QUICK } from './configurations.ts';
import { explore } from './explore.ts';
import { SeatModel } from './seat-model.ts';
import { WITHOUT } from './seat-rules.ts';

/** The length of a shortest way into trouble: a model that lost a step, or a rule that lost its meaning, changes it. */
const SHORTEST: Readonly<Record<string, number>> = {
  'beat fence': 5,
  'used set': 4,
  'cancel of a seat that is not out': 2,
  'voiding at a restart without journal': 3,
  'sessions known before anything is raised': 3,
  'a direct join takes': 1,
  'the floor before computing': 2,
  'free >= k': 2,
  'journal before the answer': 3,
  'no free seat in a new row': 4,
  'a new life in a new row': 4,
};

describe('the seats of one server, searched exhaustively', () => {
  it('are never too many and never lost', () => {
    const result = explore(new SeatModel(QUICK));
    expect(result.found).toBeUndefined();
    expect(result.isComplete).toBe(true);
    expect(result.states).toBeGreaterThan(20_000);
  });

  it.each(Object.keys(WITHOUT))('go wrong without: %s', (rule) => {
    const { found } = explore(new SeatModel(EVERYTHING, WITHOUT[rule]), { maxStates: 500_000 });
    expect(found?.trace, found?.problem).toHaveLength(SHORTEST[rule] as number);
  });
});
