import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ticketKeys } from '../../adapters/crypto/ticket-keys.ts';
import { createVerifier } from '../../adapters/crypto/verifier.ts';
import { type Journal, openJournal } from '../../adapters/journal/journal.ts';
import { createMemoryStore } from '../../adapters/memory/registry-store.ts';
import { createLogger } from '../../adapters/system/logger.ts';
import { SeatKeeper } from '../../agents/seat-keeper.ts';
import { OnedoorError } from '../../core/errors.ts';
import type { RegistryStore } from '../../core/ports.ts';
import { parseEntry } from '../../core/registry/journal.ts';
import type { JournalEntry } from '../../core/registry/journal-entry.ts';
import { type Placement, rowKey } from '../../core/registry/row.ts';
import type { SeatClaim } from '../../core/registry/seat-book.ts';
import { DEFAULT_TIMING } from '../../core/registry/timing.ts';
import { issueTicket } from '../../core/ticket/issue.ts';
import { type FakeClock, fakeClock } from './fake-clock.ts';
import { seededRng } from './seeded-rng.ts';
import { plantTree } from './temp-tree.ts';

export const KEY = rowKey('AROATEST:i-a', 0);
export const T_MS = DEFAULT_TIMING.expireMs;
const keys = ticketKeys(new Uint8Array(32).fill(1));
export const { publicKey, signer } = keys;
export const verify = createVerifier([publicKey]);

export const PLACEMENT: Placement = {
  id: 'i-a.0',
  ipv4: '203.0.113.7',
  ports: { game: 27_000, probe: 7_000 },
  zone: 'z',
  app: 'arena',
  world: 'w1',
  group: 'g1',
  labels: {},
  maxCapacity: 100,
};

/** A store of which single calls can be made to fail, before or after they land. */
export interface FlakyStore extends RegistryStore {
  /** The next `count` writes: `before` never arrive, `after` land and lose their reply. */
  failWrites(count: number, when: 'before' | 'after'): void;
}

export function flakyStore(): FlakyStore {
  const store = createMemoryStore();
  let left = 0;
  let mode: 'before' | 'after' = 'before';
  return {
    ...store,
    failWrites(count, when) {
      left = count;
      mode = when;
    },
    async write(key, command) {
      const fails = left > 0;
      if (fails) left--;
      if (fails && mode === 'before') throw lost();
      const reply = await store.write(key, command);
      if (fails) throw lost();
      return reply;
    },
  };
}

function lost(): Error {
  return new OnedoorError('registry.unreachable', { operation: 'UpdateItem' });
}

/** A log with the messages that went into it. */
export interface LogLines {
  readonly lines: string[];
  readonly log: ReturnType<typeof createLogger>;
}

export function aLog(): LogLines {
  const lines: string[] = [];
  return { lines, log: createLogger({ destination: { write: (line) => void lines.push(JSON.parse(line).msg) } }) };
}

/** A journal in a file that goes when the test ends; the same `dir` is the same journal. */
export async function aJournal(dir: string = plantTree({})): Promise<Journal<JournalEntry>> {
  const journal = await openJournal({ dir: join(dir, 'journal'), name: KEY, parse: parseEntry });
  onTestFinished(() => journal.close().catch(() => {}));
  return journal;
}

export interface Scene {
  readonly clock: FakeClock;
  readonly store: FlakyStore;
  readonly dir: string;
  readonly lost: string[];
  /** A new life of the agent on the scene's journal, or on another one. */
  live(options?: { readonly isCounted?: boolean; readonly dir?: string }): Promise<SeatKeeper>;
  /** Ends the life under way, as a kill would. */
  kill(): Promise<void>;
  /** The door's part: takes k seats, gives the claims of their tickets. */
  take(k?: number, client?: string): Promise<readonly SeatClaim[]>;
  /** Beats once and expects it to land. */
  beat(keeper: SeatKeeper, capacity?: number): Promise<void>;
  /** Beats now and then for `ms`. */
  pass(keeper: SeatKeeper, ms: number, capacity?: number): Promise<void>;
  free(): Promise<number | undefined>;
}

export async function aScene(seed = 1): Promise<Scene> {
  const clock = fakeClock();
  const store = flakyStore();
  const rng = seededRng(seed);
  const dir = plantTree({});
  const lives: Journal<JournalEntry>[] = [];
  const lostReasons: string[] = [];
  const scene: Scene = {
    clock,
    store,
    dir,
    lost: lostReasons,
    async live({ isCounted = false, dir: other = dir } = {}) {
      const journal = await aJournal(other);
      lives.push(journal);
      const onLost = (reason: string): void => void lostReasons.push(reason);
      const keeper = new SeatKeeper({
        key: KEY,
        store,
        journal,
        clock,
        rng,
        timing: DEFAULT_TIMING,
        isCounted,
        onLost,
      });
      if (!(await keeper.claim())) throw new Error('the claim was refused');
      return keeper;
    },
    async kill() {
      await lives.pop()?.close();
    },
    async take(k = 1, client = 'ann') {
      const token = Buffer.from(rng.bytes(8)).toString('hex');
      const reply = await store.write(KEY, { kind: 'take', k, token });
      const seats = reply.row?.seats;
      if (!reply.ok || !seats) return [];
      const first = seats.issued - k + 1;
      return Array.from({ length: k }, (_, n) => ({ gen: seats.gen, serial: first + n, sub: client }));
    },
    async beat(keeper, capacity = 4) {
      const result = await keeper.beat({ capacity, state: 'ready' }, (error) => {
        throw error;
      });
      if (result !== 'ok') throw new Error(`the beat was ${result}`);
    },
    async pass(keeper, ms, capacity) {
      for (let left = ms; left > 0; left -= DEFAULT_TIMING.beatMs) {
        clock.advance(Math.min(left, DEFAULT_TIMING.beatMs));
        await scene.beat(keeper, capacity);
      }
    },
    free: async () => (await store.get(KEY))?.seats?.free,
  };
  return scene;
}

/** The ticket of a claim, signed by the deployment's key. */
export function ticketOf(
  claim: SeatClaim,
  options: {
    readonly wallMs: number;
    readonly server?: Placement;
    readonly iss?: string;
    readonly alternates?: readonly string[];
  },
): string {
  const { wallMs, server = PLACEMENT, iss = 'onedoor', alternates = [] } = options;
  const seat = { gen: claim.gen, serial: claim.serial, expiresWallMs: wallMs + 40_000 };
  return issueTicket({ iss, server, seat, client: Buffer.from(claim.sub), wallMs, alternates }, keys.signer).ticket;
}
