import type { Refusal } from '../core/errors.ts';
import type { SeatSession } from '../core/registry/journal-entry.ts';

/** Whether somebody may come in. */
export type Entry =
  /** `session` is absent where the game is only counted: then nobody knows who came on which seat. */
  | { readonly ok: true; readonly session?: SeatSession; readonly resumed: boolean }
  | (Refusal & { readonly session?: undefined });
