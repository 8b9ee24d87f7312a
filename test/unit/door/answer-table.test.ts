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

  it('forgets the older half when the newer one is full, so that it never grows beyond its size', () => {
    const table = createAnswerTable(1_000, 4);
    const found = (keys: string) => [...keys].filter((key) => table.find(key, 1) !== undefined).join('');
    for (const key of 'abcd') table.keep(key, answer(), 0);
    expect(found('abcdefg')).toBe('abcd');
    table.keep('e', answer(), 0);
    expect(found('abcdefg')).toBe('cde');
    table.drop('c');
    table.drop('e');
    expect(found('abcdefg')).toBe('d');
  });

  it('gives the last answer that was kept under a key', () => {
    const table = createAnswerTable(1_000, 2);
    const last = answer();
    table.keep('a', answer(), 0);
    table.keep('a', last, 0);
    expect(table.find('a', 1)).toBe(last);
  });
});
