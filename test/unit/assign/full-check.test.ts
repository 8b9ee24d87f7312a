import { describe, expect, it } from 'vitest';
import { createFullCheck } from '../../../core/assign/full-check.ts';
import type { ServerRow } from '../../../core/registry/row.ts';
import { aPool, servers } from '../../support/builders.ts';
import { fakeClock } from '../../support/fake-clock.ts';

/** A registry that answers each read when told to. */
function slowReads(free: (key: string) => number) {
  const waiting: (() => void)[] = [];
  let reads = 0;
  let isAway = false;
  const row = (key: string): ServerRow => ({
    key,
    suspect: false,
    seats: { free: free(key), issued: 1, beat: 1, gen: 'g', last: '', capacity: 9, state: 'ready', hb: 0, sessions: 0 },
  });
  return {
    reads: () => reads,
    read(key: string) {
      reads++;
      return new Promise<ServerRow>((resolve, reject) =>
        waiting.push(() => (isAway ? reject(new Error('away')) : resolve(row(key)))),
      );
    },
    goAway(away = true) {
      isAway = away;
    },
    async answerAll() {
      do {
        for (const answer of waiting.splice(0)) answer();
        await new Promise((resolve) => setImmediate(resolve));
      } while (waiting.length > 0);
    },
  };
}

describe('the check before anybody is told that a pool is full', () => {
  it('reads every server and finds a seat that came back', async () => {
    let free = 0;
    const registry = slowReads(() => free);
    const check = createFullCheck({ clock: fakeClock(), read: registry.read, learn: () => {} });
    const pool = aPool(servers(3));
    const first = check.anyFree(pool);
    await registry.answerAll();
    expect(await first).toBe(false);
    free = 1;
    const second = check.anyFree(pool);
    await registry.answerAll();
    expect(await second).toBe(true);
    expect(registry.reads()).toBe(6);
  });

  it('lets requests that come during a reading share the next one, not the one that may have missed their seat', async () => {
    let free = 0;
    const registry = slowReads(() => free);
    const check = createFullCheck({ clock: fakeClock(), read: registry.read, learn: () => {} });
    const pool = aPool(servers(2));
    const early = check.anyFree(pool);
    const late = [check.anyFree(pool), check.anyFree(pool), check.anyFree(pool)];
    await registry.answerAll();
    free = 1;
    await registry.answerAll();
    expect(await early).toBe(false);
    await Promise.all(late);
    expect(registry.reads()).toBe(4);
  });

  it('gives nobody an old reading that others had waited for', async () => {
    let free = 0;
    const registry = slowReads(() => free);
    const check = createFullCheck({ clock: fakeClock(), read: registry.read, learn: () => {} });
    const pool = aPool(servers(2));
    const early = [check.anyFree(pool), check.anyFree(pool)];
    await registry.answerAll();
    expect(await Promise.all(early)).toEqual([false, false]);
    free = 1;
    const late = [check.anyFree(pool), check.anyFree(pool)];
    await registry.answerAll();
    expect(await Promise.all(late)).toEqual([true, true]);
  });

  it('reads a large pool no more often than 200 servers a second allow', async () => {
    const registry = slowReads(() => 0);
    const clock = fakeClock();
    const check = createFullCheck({ clock, read: registry.read, learn: () => {} });
    const pool = aPool(servers(100));
    const first = check.anyFree(pool);
    await registry.answerAll();
    await first;
    expect(await check.anyFree(pool)).toBe(false);
    expect(registry.reads()).toBe(100);
    clock.advance(500);
    const second = check.anyFree(pool);
    await registry.answerAll();
    await second;
    expect(registry.reads()).toBe(200);
  });

  it('reads for each request the servers that it may have, whatever another one waits for', async () => {
    const registry = slowReads((key) => (key.includes('s-00002') ? 1 : 0));
    const check = createFullCheck({ clock: fakeClock(), read: registry.read, learn: () => {} });
    const { view } = aPool(servers(3));
    const only = (...members: number[]) => ({ view, members: Int32Array.from(members) });
    // The first is under way when the others come: those wait for the next reading, each of its own servers.
    const answers = [only(0, 1), only(0, 1), only(1, 2), only(2), only(0)].map((pool) => check.anyFree(pool));
    await registry.answerAll();
    expect(await Promise.all(answers)).toEqual([false, false, true, true, false]);
  });

  it('lets the answer about a large pool rest on what was read of its own servers', async () => {
    const registry = slowReads((key) => (key.includes('s-00030') ? 1 : 0));
    const check = createFullCheck({ clock: fakeClock(), read: registry.read, learn: () => {} });
    const { view } = aPool(servers(40));
    const first = check.anyFree({ view, members: Int32Array.from({ length: 20 }, (_, n) => n) });
    await registry.answerAll();
    expect(await first).toBe(false);
    const all = { view, members: Int32Array.from({ length: 40 }, (_, n) => n) };
    const second = check.anyFree(all);
    await registry.answerAll();
    expect(await second).toBe(true);
    // What was found free is said again without a read.
    expect(await check.anyFree(all)).toBe(true);
    expect(registry.reads()).toBe(40);
  });

  it('never says full by a reading that failed, of a large pool no more than of a small one', async () => {
    for (const size of [3, 40]) {
      const registry = slowReads(() => 0);
      const check = createFullCheck({ clock: fakeClock(), read: registry.read, learn: () => {} });
      const pool = aPool(servers(size));
      registry.goAway();
      for (let tries = 0; tries < 3; tries++) {
        const outcome = check.anyFree(pool).catch((error: Error) => error.message);
        await registry.answerAll();
        expect(await outcome).toBe('away');
      }
      // A registry that is away is not asked for every server each time.
      expect(registry.reads()).toBeLessThanOrEqual(3 * 16);
      registry.goAway(false);
      const outcome = check.anyFree(pool);
      await registry.answerAll();
      expect(await outcome).toBe(false);
    }
  });

  it('reads a large pool once for all that ask meanwhile', async () => {
    const registry = slowReads(() => 0);
    const check = createFullCheck({ clock: fakeClock(), read: registry.read, learn: () => {} });
    const pool = aPool(servers(100));
    const answers = Array.from({ length: 50 }, () => check.anyFree(pool));
    await registry.answerAll();
    expect(await Promise.all(answers)).toEqual(new Array(50).fill(false));
    expect(registry.reads()).toBe(100);
  });

  it('reads each server of a small pool for every refusal, of 16 servers and not of 17', async () => {
    for (const [size, reads] of [
      [16, 32],
      [17, 17],
    ] as const) {
      const registry = slowReads(() => 0);
      const check = createFullCheck({ clock: fakeClock(), read: registry.read, learn: () => {} });
      const pool = aPool(servers(size));
      for (let asked = 0; asked < 2; asked++) {
        const answer = check.anyFree(pool);
        await registry.answerAll();
        expect(await answer).toBe(false);
      }
      expect(registry.reads()).toBe(reads);
    }
  });

  it('does not keep for ever what it read of servers that are gone', async () => {
    const registry = slowReads(() => 0);
    const check = createFullCheck({ clock: fakeClock(), read: registry.read, learn: () => {} });
    const fleet = (name: string) => aPool(servers(20, (n) => ({ id: `${name}-${n}.0` })));
    for (const name of ['a', 'b', 'c', 'd', 'a']) {
      const answer = check.anyFree(fleet(name));
      await registry.answerAll();
      await answer;
    }
    // The first fleet was forgotten in between: it is read again though its pause is not over.
    expect(registry.reads()).toBe(5 * 20);
  });
});
