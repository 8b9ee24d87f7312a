import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SeatKeeper } from '../../agents/seat-keeper.ts';
import { activate, occupied, type SeatClaim } from '../../core/registry/seat-book.ts';
import { aScene, KEY, type Scene } from '../support/agent-scene.ts';

const CAPACITY = 4;

/** What the world may do to one agent, its row and its game. */
type Step =
  | { readonly do: 'take'; readonly k: number }
  | { readonly do: 'show' | 'leave' | 'end'; readonly which: number }
  | { readonly do: 'walk-in' | 'beat' | 'report' | 'kill' | 'kill without journal' }
  | { readonly do: 'lose'; readonly writes: number; readonly when: 'before' | 'after' }
  | { readonly do: 'wait'; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('take' as const), k: fc.integer({ min: 1, max: 3 }) }) },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constantFrom('show' as const, 'leave' as const, 'end' as const), which: fc.nat(20) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom('walk-in' as const, 'beat' as const, 'beat' as const, 'beat' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('report' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('kill' as const, 'kill without journal' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('lose' as const),
      writes: fc.integer({ min: 1, max: 2 }),
      when: fc.constantFrom('before' as const, 'after' as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(100, 5_000, 30_000, 50_000) }),
  },
);

/** One agent with the true books beside it: who plays, and which tickets are out. */
class World {
  readonly playing = new Set<string>();
  isReported = true;
  readonly #scene: Scene;
  #keeper: SeatKeeper;
  #tickets: SeatClaim[] = [];
  #dir = 0;

  private constructor(scene: Scene, keeper: SeatKeeper) {
    this.#scene = scene;
    this.#keeper = keeper;
  }

  static async open(): Promise<World> {
    const scene = await aScene();
    return new World(scene, await scene.live({ dir: `${scene.dir}/0` }));
  }

  async take(step: Step): Promise<void> {
    const scene = this.#scene;
    switch (step.do) {
      case 'take':
        this.#tickets.push(...(await scene.take(step.k).catch(() => [])));
        return;
      case 'wait':
        scene.clock.advance(step.ms);
        return;
      case 'lose':
        scene.store.failWrites(step.writes, step.when);
        return;
      case 'beat':
        await this.#keeper.beat({ capacity: CAPACITY, state: 'ready' }, () => {});
        return;
      case 'walk-in': {
        const entry = await this.#keeper.takeDirect();
        if (entry.ok) this.playing.add(entry.session.id);
        return;
      }
      case 'end': {
        const id = [...this.playing][step.which % Math.max(1, this.playing.size)];
        if (id === undefined) return;
        this.playing.delete(id);
        this.#keeper.end(id);
        return;
      }
      case 'show':
      case 'leave':
        this.#show(step.do, step.which);
        return;
      case 'report':
        this.#report();
        return;
      case 'kill':
      case 'kill without journal':
        await this.#restart(step.do === 'kill');
    }
  }

  #show(how: 'show' | 'leave', which: number): void {
    const claim = this.#tickets[which % Math.max(1, this.#tickets.length)];
    if (!claim) return;
    if (how === 'leave') {
      this.#keeper.cancel(claim);
      return;
    }
    const entry = this.#keeper.activate(claim);
    if (entry.ok) this.playing.add(entry.session.id);
  }

  async #restart(withJournal: boolean): Promise<void> {
    await this.#scene.kill();
    this.#scene.store.failWrites(0, 'before');
    if (!withJournal) this.#dir++;
    this.#keeper = await this.#scene.live({ dir: `${this.#scene.dir}/${this.#dir}` });
    this.isReported = false;
  }

  /** The game names who is there. */
  #report(): void {
    for (const id of this.playing) this.#keeper.adopt(id);
    for (const id of this.#keeper.book?.sessions.keys() ?? []) if (!this.playing.has(id)) this.#keeper.end(id);
    this.#keeper.sessionsAreKnown();
    this.isReported = true;
  }

  /** Seats that are taken or could be taken this very moment. */
  async promised(): Promise<number> {
    const book = this.#keeper.book;
    const free = (await this.#scene.store.get(KEY))?.seats?.free ?? 0;
    const usable = this.#tickets.filter((claim) => {
      const { result } = book ? activate(book, claim) : { result: undefined };
      return result?.ok && !result.resumed;
    });
    return free + this.playing.size + usable.length;
  }

  get counted(): number {
    return this.#keeper.book ? occupied(this.#keeper.book) : 0;
  }
}

describe('the seats of an agent', () => {
  it('are never promised beyond its capacity, whatever gets lost and whenever it dies', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 60, maxLength: 60, size: 'max' }), async (steps) => {
        const world = await World.open();
        await world.take({ do: 'beat' });
        for (const [n, next] of steps.entries()) {
          await world.take(next);
          expect(await world.promised(), `after step ${n}: ${JSON.stringify(next)}`).toBeLessThanOrEqual(CAPACITY);
          if (world.isReported) expect(world.counted).toBe(world.playing.size);
        }
      }),
      { numRuns: 150 },
    );
  });
});
