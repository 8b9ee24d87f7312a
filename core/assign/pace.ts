/** How fast the seats of one server are taken; in a full pool that is how fast they come back. */
export interface Pace {
  readonly gen: string;
  readonly from: Count;
  /** Takes the place of `from` when that is old. */
  readonly middle: Count;
  /** Undefined before the two counts are far enough apart. */
  readonly perSecond: number | undefined;
}

/** A row's `issued` when the reading of it was sent, in monotonic ms. */
interface Count {
  readonly issued: number;
  readonly atMs: number;
}

/** Seats come back with beats: over less than two of them there is nothing to see. */
const LEAST_MS = 10_000;
const HALF_MS = 30_000;

/** The pace after one more reading, over the last 30 to 60 s. Another life may count from elsewhere, so it starts anew. */
export function nextPace(
  known: Pace | undefined,
  seats: { readonly gen: string; readonly issued: number },
  atMs: number,
): Pace {
  const { gen, issued } = seats;
  const now = { issued, atMs };
  if (known?.gen !== gen || issued < known.middle.issued) return { gen, from: now, middle: now, perSecond: undefined };
  const isOld = atMs - known.middle.atMs >= HALF_MS;
  const from = isOld ? known.middle : known.from;
  const passedMs = atMs - from.atMs;
  const perSecond = passedMs < LEAST_MS ? undefined : ((issued - from.issued) * 1_000) / passedMs;
  return { gen, from, middle: isOld ? now : known.middle, perSecond };
}
