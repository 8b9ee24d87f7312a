import { describe, expect, it } from 'vitest';
import { refuse } from '../../../core/errors.ts';
import { createAnswerTable } from '../../../door/answer-table.ts';

const answer = () => Promise.resolve(refuse('assign.no-capacity'));

describe('the table of answers', () => {
  it('gives the same answer again until it is too old', () => {
    const table = createAnswerTable(1_000);
    const kept = answer();
    table.keep('a', kept, 0);
    expect(table.find('a', 999)).toBe(kept);
    expect(table.find('a', 1_000)).toBeUndefined();
    expect(table.find('b', 0)).toBeUndefined();
  });

  it('never grows beyond its size: the oldest entry makes room', () => {
    const table = createAnswerTable(1_000, 3);
    for (const key of ['a', 'b', 'c', 'd']) table.keep(key, answer(), 0);
    expect(['a', 'b', 'c', 'd'].map((key) => table.find(key, 1) !== undefined)).toEqual([false, true, true, true]);
  });
});
