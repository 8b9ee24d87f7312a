import type { RosterView } from '../registry/roster.ts';

/** Given out by the roster's own word, and this request may have it. What a policy without feedback asks. */
export function mayHave(view: RosterView, index: number, allowed: ((index: number) => boolean) | undefined): boolean {
  return view.listed[index] === 1 && (allowed === undefined || allowed(index));
}

/** Open, with a free seat, and this request may have it. `allowed` is asked last: it may cost a look at labels. */
export function hasSeat(view: RosterView, index: number, allowed: ((index: number) => boolean) | undefined): boolean {
  return view.free[index]! > 0 && view.open[index] === 1 && (allowed === undefined || allowed(index));
}

/**
 * Whether `a` is less loaded than `b`: (capacity - free) / capacity is lower. Written as free(a)/capacity(a) >
 * free(b)/capacity(b) and multiplied out: exact in whole numbers for every capacity under 94 million.
 */
export function isLessLoaded(view: RosterView, a: number, b: number): boolean {
  return view.free[a]! * view.capacity[b]! > view.free[b]! * view.capacity[a]!;
}
