import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createApiLoad } from '../../../adapters/load/api.ts';
import { type LoadReading, queryFailed } from '../../../adapters/load/load-adapter.ts';
import { systemClock } from '../../../adapters/system/system-clock.ts';
import { GAME_FRESH_MS } from '../../../agents/game-watch.ts';
import { Slot } from '../../../agents/slot.ts';
import { parseRuntimeConfig } from '../../../core/config/runtime-config.ts';
import type { SeatFields } from '../../../core/registry/row.ts';
import {
  aJournal,
  aLog,
  type FlakyStore,
  flakyStore,
  KEY,
  type LogLines,
  PLACEMENT,
  T_MS,
  verify,
} from '../../support/agent-scene.ts';
import { seededRng } from '../../support/seeded-rng.ts';

interface Running extends LogLines {
  readonly slot: Slot;
  readonly store: FlakyStore;
  readonly lost: string[];
  seats(): Promise<SeatFields>;
}

type Game = () => LoadReading;

/** A slot of 4 seats, started and verified; `game` answers queries, absent: the game calls. */
async function aSlot(game?: Game, reserve = 0): Promise<Running> {
  vi.useRealTimers();
  const journal = await aJournal();
  vi.useFakeTimers();
  const store = flakyStore();
  const lost: string[] = [];
  const { lines, log } = aLog();
  const slot = new Slot({
    key: KEY,
    store,
    journal,
    load: game
      ? { kind: 'counted', adapter: { name: 'test', query: async () => game() } }
      : { kind: 'api', adapter: createApiLoad(systemClock, GAME_FRESH_MS) },
    capacity: 4,
    config: parseRuntimeConfig(JSON.stringify({ failoverReservePercent: reserve })),
    verify,
    moving: { ask: async () => ({ retryAfterMs: 1_000 }), drainMs: 60_000, onError: () => {} },
    clock: systemClock,
    rng: seededRng(1),
    log,
    onLost: (reason) => void lost.push(reason),
  });
  slot.start();
  await vi.advanceTimersByTimeAsync(10);
  await store.place(KEY, PLACEMENT);
  const seats = async (): Promise<SeatFields> => (await store.get(KEY))?.seats as SeatFields;
  return { slot, store, lost, lines, log, seats };
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** A game that calls every 500 ms as long as it runs. */
function calling(
  slot: Slot,
  sessions: readonly { id: string }[] = [],
): { stop(): void; list: readonly { id: string }[] } {
  const game = { list: sessions, stop: () => clearInterval(timer) };
  const timer = setInterval(() => slot.report({ sessions: game.list }), 500);
  slot.report({ sessions });
  return game;
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a slot whose game calls', () => {
  it('is given out when the registrar has found it and the game lives, and not a beat later', async () => {
    const { slot, seats } = await aSlot();
    expect(slot.lobby()).toBeUndefined();
    await pass(1_100);
    expect((await seats()).state).toBe('starting');
    calling(slot);
    await pass(600);
    expect(await seats()).toMatchObject({ state: 'ready', free: 4, capacity: 4 });
    expect(slot.lobby()).toMatchObject({ app: 'arena', state: 'ready', sessions: 0 });
  });

  it('keeps seats back for clients of lost servers, but not where the game refuses nobody', async () => {
    const { slot, seats } = await aSlot(undefined, 5);
    calling(slot);
    await pass(1_100);
    expect(await seats()).toMatchObject({ state: 'ready', free: 3, capacity: 4 });
    const counted = await aSlot(() => ({ sessions: 0 }), 5);
    await pass(1_100);
    expect(await counted.seats()).toMatchObject({ state: 'ready', free: 4, capacity: 4 });
  });

  it('waits for a game that is alive and not ready', async () => {
    const { slot, seats } = await aSlot();
    calling(slot).stop();
    const timer = setInterval(() => slot.report({ sessions: [], ready: false }), 500);
    await pass(2_000);
    expect((await seats()).state).toBe('starting');
    clearInterval(timer);
    calling(slot);
    slot.ready();
    await pass(600);
    expect((await seats()).state).toBe('ready');
  });

  it('takes nobody new within seconds of the game’s death, and says so once', async () => {
    const { slot, seats, lines } = await aSlot();
    const game = calling(slot);
    await pass(2_000);
    game.stop();
    await pass(2_600);
    expect((await seats()).state).toBe('starting');
    await pass(20_000);
    expect(lines.filter((line) => line.startsWith('the game does not answer'))).toHaveLength(1);
    calling(slot);
    await pass(600);
    expect((await seats()).state).toBe('ready');
  });

  it('beats every 5 s at the latest, with the sessions of the moment', async () => {
    const { slot, seats } = await aSlot();
    const game = calling(slot);
    await pass(2_000);
    for (let n = 0; n < 10; n++) {
      const { beat } = await seats();
      await pass(5_000);
      expect((await seats()).beat).toBeGreaterThan(beat);
    }
    const entry = await slot.enter(undefined, undefined);
    game.list = [{ id: entry.session?.id ?? '' }];
    await pass(5_000);
    expect(await seats()).toMatchObject({ sessions: 1, free: 3 });
  });

  it('beats early when the last seat comes back, but not more often than every 500 ms', async () => {
    const { slot, seats, store } = await aSlot();
    const game = calling(slot);
    await pass(2_000);
    await store.write(KEY, { kind: 'take', k: 3, token: 't' });
    const entry = await slot.enter(undefined, undefined);
    const id = entry.session?.id ?? '';
    game.list = [{ id }];
    await pass(5_000);
    expect((await seats()).free).toBe(0);
    const { beat } = await seats();
    slot.end(id);
    game.list = [];
    await pass(600);
    expect(await seats()).toMatchObject({ free: 1, beat: beat + 1 });
  });

  it('ends what the game no longer lists, but not while the game is dead', async () => {
    const { slot } = await aSlot();
    const game = calling(slot);
    await pass(2_000);
    const entries = [await slot.enter(undefined, undefined), await slot.enter(undefined, undefined)];
    const list = entries.map((entry) => ({ id: entry.session?.id ?? '' }));
    game.list = list;
    await pass(1_000);
    game.stop();
    await pass(60_000);
    expect(slot.sessions()).toHaveLength(2);
    calling(slot, list.slice(1));
    await pass(3_000);
    expect(slot.sessions().map(({ id }) => id)).toEqual([list[1]?.id]);
  });

  it('drains within a beat when the operator asks by the registry, until he takes it back', async () => {
    const { slot, store, seats } = await aSlot();
    calling(slot);
    await pass(2_000);
    await store.drain(KEY, true);
    await pass(5_000);
    expect(await slot.enter(undefined, undefined)).toMatchObject({ code: 'agent.draining' });
    await pass(600);
    expect((await seats()).state).toBe('draining');
    slot.ready();
    await pass(6_000);
    expect((await seats()).state).toBe('draining');
    await store.drain(KEY, false);
    await pass(5_600);
    expect((await seats()).state).toBe('ready');
  });

  it('goes on draining by itself when the operator takes back what he asked', async () => {
    const { slot, store, seats } = await aSlot();
    calling(slot);
    await store.drain(KEY, true);
    await pass(6_000);
    slot.drain();
    await store.drain(KEY, false);
    await pass(6_000);
    expect((await seats()).state).toBe('draining');
    slot.ready();
    await pass(600);
    expect((await seats()).state).toBe('ready');
  });

  it('drains and comes back when its game says so', async () => {
    const { slot, seats } = await aSlot();
    calling(slot);
    await pass(2_000);
    slot.drain();
    await pass(600);
    expect((await seats()).state).toBe('draining');
    expect(await slot.enter(undefined, undefined)).toMatchObject({ code: 'agent.draining' });
    slot.ready();
    await pass(600);
    expect((await seats()).state).toBe('ready');
  });

  it('goes on when the registry comes back after a long time', async () => {
    const { slot, seats, store, lines } = await aSlot();
    calling(slot);
    await pass(2_000);
    store.failWrites(100, 'before');
    await pass(60_000);
    expect(slot.health().isGood).toBe(false);
    store.failWrites(0, 'before');
    await pass(6_000);
    expect(slot.health().isGood).toBe(true);
    expect((await seats()).state).toBe('ready');
    expect(lines.filter((line) => line.includes('registry'))).toHaveLength(2);
  });

  it('stops for good when another has its row', async () => {
    const { slot, seats, store, lost } = await aSlot();
    calling(slot);
    await pass(2_000);
    await store.write(KEY, { kind: 'claim', seen: (await seats()).gen, gen: 'f'.repeat(16) });
    await pass(6_000);
    expect(lost).toEqual(['another agent has claimed the row']);
    const { beat } = await seats();
    await pass(20_000);
    expect((await seats()).beat).toBe(beat);
  });

  it('leaves a row that says that it is gone', async () => {
    const { slot, seats } = await aSlot();
    calling(slot);
    await pass(2_000);
    expect(slot.isEmpty).toBe(true);
    await slot.stop();
    expect((await seats()).state).toBe('gone');
  });
});

describe('a slot whose game is counted', () => {
  it('gives what the game has room for: the least of its own, the operator’s and the registrar’s limit', async () => {
    let reading: LoadReading = { sessions: 1, capacity: 3, participants: ['ann'] };
    const { slot, seats, store } = await aSlot(() => reading);
    await pass(2_000);
    expect(await seats()).toMatchObject({ state: 'ready', capacity: 3, free: 2, sessions: 1 });
    expect(slot.lobby()).toMatchObject({ sessions: 1, capacity: 3, participants: ['ann'] });
    reading = { sessions: 2, capacity: 9 };
    await store.place(KEY, { ...PLACEMENT, maxCapacity: 2 });
    await pass(12_000);
    expect(await seats()).toMatchObject({ capacity: 2, free: 0, sessions: 2 });
  });

  it('falls T after its game has emptied, and is empty for a drain at once', async () => {
    let sessions = 4;
    const { slot, seats } = await aSlot(() => ({ sessions }));
    await pass(2_000);
    expect(slot.isEmpty).toBe(false);
    sessions = 0;
    await pass(5_000);
    expect((await seats()).sessions).toBe(4);
    expect(slot.isEmpty).toBe(true);
    await pass(T_MS + 5_000);
    expect(await seats()).toMatchObject({ sessions: 0, free: 4 });
  });

  it('is as good as empty when its game has been dead for T', async () => {
    let isDead = false;
    const { slot } = await aSlot(() => {
      if (isDead) throw queryFailed('test', 'dead');
      return { sessions: 2 };
    });
    await pass(2_000);
    isDead = true;
    await pass(T_MS - 3_000);
    expect(slot.isEmpty).toBe(false);
    await pass(4_000);
    expect(slot.isEmpty).toBe(true);
  });
});
