import type { Journal } from '../adapters/journal/journal.ts';
import type { ApiLoad } from '../adapters/load/api.ts';
import type { LoadAdapter } from '../adapters/load/load-adapter.ts';
import type { RuntimeConfig } from '../core/config/runtime-config.ts';
import type { AgentStore, Clock, Rng, Verify } from '../core/ports.ts';
import type { JournalEntry } from '../core/registry/journal-entry.ts';
import type { ForwardDeskOptions } from './forward.ts';
import type { Log } from './log.ts';
import type { MovingOptions } from './moving.ts';

export interface SlotOptions {
  /** The row's key. */
  readonly key: string;
  readonly store: AgentStore;
  readonly journal: Journal<JournalEntry>;
  /** `api`: the game calls; else it is asked and counted. */
  readonly load:
    | { readonly kind: 'api'; readonly adapter: ApiLoad }
    | { readonly kind: 'counted'; readonly adapter: LoadAdapter };
  /** The operator's limit; the game's own and the registrar's can only lower it. */
  readonly capacity: number;
  readonly config: RuntimeConfig;
  readonly verify: Verify;
  /** How clients get a seat elsewhere while the server drains, and how long that may take. */
  readonly moving: Pick<MovingOptions, 'ask' | 'drainMs' | 'onError'>;
  /** For clients that a door announces. */
  readonly announced?: Pick<ForwardDeskOptions, 'hook' | 'places'>;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly onLost: (reason: string) => void;
  /** Other machines' servers that this one finds silent; absent: its row does not say. */
  readonly sees?: (() => readonly string[]) | undefined;
}
