/**
 * A table that draws column i with probability weight(i) / sum in constant time, whatever the number of columns:
 * A. J. Walker's alias method, built by the linear algorithm of M. D. Vose, "A linear algorithm for generating random
 * numbers with a given distribution", IEEE Transactions on Software Engineering 17 (9), 1991.
 */
export interface AliasTable {
  readonly size: number;
  /** Part of column i that is i's own, in [0, 1]; the rest of the column is `alias[i]`'s. */
  readonly own: Float64Array;
  readonly alias: Int32Array;
}

/** Arrays for tables of at most so many columns, to be used again: a table lives until the next one is built there. */
export interface AliasRoom {
  readonly own: Float64Array;
  readonly alias: Int32Array;
  readonly rest: Float64Array;
  readonly work: Int32Array;
}

export function aliasRoom(columns: number): AliasRoom {
  return {
    own: new Float64Array(columns),
    alias: new Int32Array(columns),
    rest: new Float64Array(columns),
    work: new Int32Array(columns),
  };
}

/**
 * Builds the table. All sums stay whole numbers, so that nothing is lost to rounding and a column of weight 0 is never
 * drawn: the product of the sum of weights and their number must be under 2^53.
 * @param weights whole numbers, 0 or more: the first `size` are used
 * @returns undefined if no weight is positive
 */
export function buildAliasTable(
  weights: ArrayLike<number>,
  size = weights.length,
  room: AliasRoom = aliasRoom(size),
): AliasTable | undefined {
  let sum = 0;
  for (let column = 0; column < size; column++) sum += weights[column]!;
  if (sum <= 0) return undefined;

  // In units of 1 / (size * sum): every column has room for `sum`, and weight i fills size * weight(i) of it.
  const { own, alias, rest } = room;
  // One array holds both work lists: columns that are not full from the front, the others from the back.
  const { work } = room;
  let poor = 0;
  let rich = size;
  for (let column = 0; column < size; column++) {
    rest[column] = weights[column]! * size;
    alias[column] = column;
    if (rest[column]! < sum) work[poor++] = column;
    else work[--rich] = column;
  }
  while (poor > 0 && rich < size) {
    const column = work[--poor]!;
    const giver = work[rich]!;
    own[column] = rest[column]! / sum;
    alias[column] = giver;
    rest[giver]! -= sum - rest[column]!;
    if (rest[giver]! < sum) {
      rich++;
      work[poor++] = giver;
    }
  }
  while (rich < size) own[work[rich++]!] = 1;
  return { size, own, alias };
}

/**
 * The column that `u`, uniform in [0, 1), falls on. One draw serves for both the column and the part of it. Which part is
 * as good as a coin's toss, which a processor guesses wrong half of the time: so there is no branch.
 */
export function drawColumn({ size, own, alias }: AliasTable, u: number): number {
  const place = u * size;
  const column = place | 0;
  const other = alias[column]!;
  // All ones where the place is in the column's own part.
  const isOwn = Math.floor(place - column - own[column]!) | 0;
  return other ^ ((other ^ column) & isOwn);
}
