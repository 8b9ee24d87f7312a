import type { ErrorCode } from '../core/errors.ts';
import type { GatewayCount } from '../core/metrics/counts.ts';
import type { DropReason } from '../core/wire/drop-reasons.ts';

/** What a gateway counts since its start (docs/METRICS.md). */
export interface Counters {
  count(name: GatewayCount): void;
  dropped(reason: DropReason): void;
  /** A refusal was answered, by its code. */
  refused(code: ErrorCode): void;
  /** A call to the registry failed. */
  failed(code: ErrorCode): void;
  /** All counters as one plain object. */
  read(): Readonly<Record<string, number>>;
}

export function createCounters(): Counters {
  const counts: Record<string, number> = {};
  const add = (name: string): void => {
    counts[name] = (counts[name] ?? 0) + 1;
  };
  return {
    count: add,
    dropped: (reason) => add(`dropped.${reason}`),
    refused: (code) => add(`refused.${code}`),
    failed: (code) => add(`failed.${code}`),
    read: () => ({ ...counts }),
  };
}
