import type { DropReason } from '../core/wire/drop-reasons.ts';

/** What a gateway counts; names are labels of metrics later and never change their meaning. */
export interface Counters {
  count(name: CounterName): void;
  dropped(reason: DropReason): void;
  /** A refusal was answered, by its code. */
  refused(code: string): void;
  /** All counters as one plain object. */
  read(): Readonly<Record<string, number>>;
}

export type CounterName =
  | 'classic'
  | 'classic-none'
  | 'extended'
  | 'assigned'
  | 'repeated'
  | 'cookies'
  | 'roster'
  | 'forwarded'
  | 'noted'
  | 'silent'
  | 'off-duty'
  | 'shed'
  | 'shed-silent'
  | 'hints'
  | 'probes'
  | 'suspected'
  | 'lifted'
  | 'failed';

export function createCounters(): Counters {
  const counts: Record<string, number> = {};
  const add = (name: string): void => {
    counts[name] = (counts[name] ?? 0) + 1;
  };
  return {
    count: add,
    dropped: (reason) => add(`dropped.${reason}`),
    refused: (code) => add(`refused.${code}`),
    read: () => ({ ...counts }),
  };
}
