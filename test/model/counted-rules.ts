import { openBook, planBeat, readBeatReply, startLife } from '../../core/registry/agent-beat.ts';
import { observeCount } from '../../core/registry/counted.ts';
import { markKnown, type SeatBook } from '../../core/registry/seat-book.ts';
import { PRODUCT, type SeatRules } from './seat-rules.ts';

/** Where the model of a counted game asks the product what happens. */
export interface CountedRules
  extends Pick<SeatRules, 'write' | 'planBeat' | 'readBeatReply' | 'startLife' | 'openBook'> {
  readonly observeCount: typeof observeCount;
}

export const COUNTED_PRODUCT: CountedRules = {
  write: PRODUCT.write,
  planBeat,
  readBeatReply,
  startLife,
  openBook,
  observeCount,
};

/** What the agent makes of an answer, changed where the answer counts at all. */
function observing(change: (seen: SeatBook, before: SeatBook, count: number, nowMs: number) => SeatBook): CountedRules {
  return {
    ...COUNTED_PRODUCT,
    observeCount: (book, seen, nowMs, timing) => {
      const made = observeCount(book, seen, nowMs, timing);
      if (!book.counted || seen.sentAtMs < book.counted.sentAtMs) return made;
      return { ...made, book: change(made.book, book, seen.count, nowMs) };
    },
  };
}

function withCount(book: SeatBook, k: number): SeatBook {
  return book.counted ? { ...book, counted: { ...book.counted, k } } : book;
}

/** The product with one rule of docs/SEATS.md, "Games that can only be counted", left out. */
export const COUNTED_WITHOUT: Readonly<Record<string, CountedRules>> = {
  'a fall is held for T': observing((book, _, count) => withCount(book, count)),
  'a fall is asked for T after the first answer': {
    ...COUNTED_PRODUCT,
    observeCount: (book, seen, nowMs, timing) => {
      const made = observeCount(book, seen, nowMs, timing);
      const since = book.counted?.belowSinceMs ?? nowMs;
      const isOver = book.counted !== undefined && book.known && nowMs - since >= timing.expireMs;
      return isOver && seen.count < book.counted.k ? { ...made, book: withCount(made.book, seen.count) } : made;
    },
  },
  'the oldest are marked': observing((book, before) => {
    const wrong = new Set(before.used);
    for (let serial = before.image?.issued ?? 0; wrong.size < book.used.size; serial--) wrong.add(serial);
    return { ...book, used: wrong };
  }),
  'the floor waits for the query': {
    ...COUNTED_PRODUCT,
    planBeat: (book, wish, nowMs, wallMs, timing) => {
      if (!book.counted) return planBeat(book, wish, nowMs, wallMs, timing);
      const eager = { ...book, counted: { ...book.counted, sentAtMs: nowMs } };
      const plan = planBeat(eager, wish, nowMs, wallMs, timing);
      return plan && { ...plan, book: { ...plan.book, counted: book.counted } };
    },
  },
  'no mark before a trusted query': {
    ...COUNTED_PRODUCT,
    observeCount: (book, seen, nowMs, timing) => {
      const made = observeCount(markKnown(book), seen, nowMs, timing);
      const isTrusted = book.counted !== undefined && seen.sentAtMs >= book.counted.trustFromMs;
      return { ...made, book: { ...made.book, known: book.known || isTrusted } };
    },
  },
  'no raise before a trusted query': {
    ...COUNTED_PRODUCT,
    planBeat: (book, wish, nowMs, wallMs, timing) => {
      const plan = planBeat(markKnown(book), wish, nowMs, wallMs, timing);
      return plan && { ...plan, book: { ...plan.book, known: book.known } };
    },
  },
};
