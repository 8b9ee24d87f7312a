import { describe, expect, it } from 'vitest';
import { QUICK } from './configurations.ts';
import { explore } from './explore.ts';
import { PLANTED } from './planted.ts';

describe('seats, searched exhaustively', () => {
  it.each(QUICK)('are never too many and never lost: $name', ({ model }) => {
    const result = explore(model());
    expect(result.found).toBeUndefined();
    expect(result.isComplete).toBe(true);
    expect(result.states).toBeGreaterThan(10_000);
  });

  it.each(PLANTED)('go wrong without: $rule', ({ search, steps }) => {
    const { found } = search();
    expect(found?.trace, found?.problem).toHaveLength(steps);
  });
});
