import { expect, it } from 'vitest';
import { createLimitLog } from '../../../adapters/system/limit-log.ts';

it('the log of limits has one line for each look at which one of them turned something away', () => {
  const counters: Record<string, number> = { shed: 5, classic: 1 };
  const lines: object[] = [];
  const look = createLimitLog(
    () => ({ ...counters }),
    (limits) => lines.push(limits),
  );
  look();
  expect(lines).toEqual([]);
  counters['shed'] = 9;
  counters['refused.door.rate-limited'] = 2;
  counters['classic'] = 100;
  look();
  look();
  expect(lines).toEqual([{ shed: 4, 'refused.door.rate-limited': 2 }]);
});
