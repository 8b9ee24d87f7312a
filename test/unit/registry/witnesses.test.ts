import { describe, expect, it } from 'vitest';
import { rowKey, type ServerRow } from '../../../core/registry/row.ts';
import { CUT_OFF, silentByWords } from '../../../core/registry/witnesses.ts';
import { aRow } from '../roster/rows.ts';

/** Machines `m-0`, `m-1`, ... with one server each, of which some say something of others. */
function machines(count: number, words: Readonly<Record<number, readonly string[]>>): ServerRow[] {
  return Array.from({ length: count }, (_, n) => ({
    ...aRow({ id: `m-${n}.0` }),
    key: rowKey(`op:m-${n}`, 0),
    ...(words[n] && { sees: words[n] }),
  }));
}

const silent = (rows: readonly ServerRow[], ageMs = (_row: ServerRow) => 0) => [...silentByWords(rows, ageMs)];

describe('the words of machines about others', () => {
  it('count when two machines say the same', () => {
    expect(silent(machines(6, { 1: ['m-5.0'], 2: ['m-5.0', 'm-4.0'] }))).toEqual(['m-5.0']);
    expect(silent(machines(6, { 1: ['m-5.0'] }))).toEqual([]);
  });

  it('count once for each machine, however many slots it has, and never about itself', () => {
    const rows = machines(6, { 1: ['m-5.0'], 5: ['m-5.0'] });
    const sameMachine = { ...aRow({ id: 'm-1.1' }), key: rowKey('op:m-1', 1), sees: ['m-5.0'] };
    expect(silent([...rows, sameMachine])).toEqual([]);
  });

  it('count only while their machine beats', () => {
    const rows = machines(6, { 1: ['m-5.0'], 2: ['m-5.0'] });
    expect(silent(rows, ({ key }) => (key === rows[1]!.key ? 15_000 : 0))).toEqual([]);
  });

  it('are not believed where they would close more than half', () => {
    const all = ['m-2.0', 'm-3.0', 'm-4.0', 'm-5.0'];
    expect(silent(machines(6, { 0: all, 1: all }))).toEqual([]);
    expect(silent(machines(6, { 0: all.slice(1), 1: all.slice(1) }))).toEqual(all.slice(1));
  });

  it('are not believed of two that claim to see far more than their share', () => {
    const many = Array.from({ length: 20 }, (_, n) => `m-${n + 10}.0`);
    expect(silent(machines(100, { 0: many, 1: many }))).toEqual([]);
    expect(silent(machines(100, { 0: many.slice(0, 5), 1: many.slice(0, 5) }))).toHaveLength(5);
  });

  it('say nothing of anybody when they say that the machine is cut off', () => {
    expect(silent(machines(3, { 0: [CUT_OFF], 1: [CUT_OFF] }))).toEqual([]);
  });
});
