import { describe, expect, it } from 'vitest';
import { type AliasTable, buildAliasTable, drawColumn } from '../../../core/select/alias-table.ts';

/** The exact probability of each column: its own part and what others leave to it. */
function chances({ size, own, alias }: AliasTable): number[] {
  const result = new Array<number>(size).fill(0);
  for (let column = 0; column < size; column++) {
    result[column]! += own[column]! / size;
    result[alias[column]!]! += (1 - own[column]!) / size;
  }
  return result;
}

describe('alias table', () => {
  it.each([
    [[1]],
    [[5, 5, 5]],
    [[1, 2, 8]],
    [[0, 3, 0, 1]],
    [[1_000_000, 1, 1, 1]],
    [Array.from({ length: 1_000 }, (_, index) => (index * 7_919) % 101)],
  ])('gives every column its share of the weights', (weights) => {
    const sum = weights.reduce((total, weight) => total + weight, 0);
    const found = chances(buildAliasTable(weights)!);
    for (const [column, weight] of weights.entries()) expect(found[column]).toBeCloseTo(weight / sum, 12);
  });

  it.each([[[]], [[0, 0]]])('is undefined where nothing can be drawn', (weights) => {
    expect(buildAliasTable(weights)).toBeUndefined();
  });

  it('never draws a column of weight 0, not at the edges of a column either', () => {
    const table = buildAliasTable([0, 1, 0])!;
    for (const u of [0, 1 / 3, 0.5, 2 / 3, 1 - 2 ** -53]) expect(drawColumn(table, u)).toBe(1);
  });

  it('uses one draw for the column and the part of it', () => {
    const table = buildAliasTable([1, 3])!;
    expect([0, 0.2, 0.25, 0.4, 0.5, 0.99].map((u) => drawColumn(table, u))).toEqual([0, 0, 1, 1, 1, 1]);
  });
});
