import { describe, expect, it } from 'vitest';
import { createFullCheck } from '../../../core/assign/full-check.ts';
import type { ServerRow } from '../../../core/registry/row.ts';
import { aPool, servers } from '../../support/builders.ts';
import { fakeClock } from '../../support/fake-clock.ts';

/** A registry that answers each read when told to. */
function slowReads(free: () => number) {
  const waiting: (() => void)[] = [];
  let reads = 0;
  const row = (key: string): ServerRow => ({
    key,
    suspect: false,
    seats: { free: free(), issued: 1, beat: 1, gen: 'g', last: '', capacity: 9, state: 'ready', hb: 0, sessions: 0 },
  });
  return {
    reads: () => reads,
    read(key: string) {
      reads++;
      return new Promise<ServerRow>((resolve) => waiting.push(() => resolve(row(key))));
    },
    async answerAll() {
      while (waiting.length > 0) {
        for (const answer of waiting.splice(0)) answer();
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}

describe('the check before anybody is told that a pool is full', () => {
  it('reads every server and finds a seat that came back', async () => {
    let free = 0;
    const registry = slowReads(() => free);
    const check = createFullCheck({ clock: fakeClock(), read: registry.read, learn: () => {} });
    const pool = aPool(servers(3));
    const first = check.anyFree('p', pool);
    await registry.answerAll();
    expect(await first).toBe(false);
    free = 1;
    const second = check.anyFree('p', pool);
    await registry.answerAll();
    expect(await second).toBe(true);
    expect(registry.reads()).toBe(6);
  });

  it('lets requests that come during a reading share the next one, not the one that may have missed their seat', async () => {
    let free = 0;
    const registry = slowReads(() => free);
    const check = createFullCheck({ clock: fakeClock(), read: registry.read, learn: () => {} });
    const pool = aPool(servers(2));
    const early = check.anyFree('p', pool);
    const late = [check.anyFree('p', pool), check.anyFree('p', pool), check.anyFree('p', pool)];
    await registry.answerAll();
    free = 1;
    await registry.answerAll();
    expect(await early).toBe(false);
    await Promise.all(late);
    expect(registry.reads()).toBe(4);
  });

  it('reads a large pool no more often than 200 servers a second allow', async () => {
    const registry = slowReads(() => 0);
    const clock = fakeClock();
    const check = createFullCheck({ clock, read: registry.read, learn: () => {} });
    const pool = aPool(servers(100));
    const first = check.anyFree('p', pool);
    await registry.answerAll();
    await first;
    expect(await check.anyFree('p', pool)).toBe(false);
    expect(registry.reads()).toBe(100);
    clock.advance(500);
    const second = check.anyFree('p', pool);
    await registry.answerAll();
    await second;
    expect(registry.reads()).toBe(200);
  });
});
