import { expect, it } from 'vitest';
import { createPoolWatch } from '../../../core/metrics/pool-watch.ts';
import { aServer, aView } from '../../support/builders.ts';
import { fakeClock } from '../../support/fake-clock.ts';

it('shows how each pool stands: who is silent, who is suspect, what is free', () => {
  const view = aView([
    aServer({ id: 'a.0', free: 4, capacity: 10 }),
    aServer({ id: 'b.0', free: 0, capacity: 10, suspect: true }),
    aServer({ id: 'c.0', free: 6, capacity: 10, beatAgeMs: 3_600_000 }),
    aServer({ id: 'd.0', free: 9, capacity: 10, sessions: 1, state: 'draining' }),
    aServer({ id: 'e.0', state: 'gone' }),
    aServer({ id: 'f.0', group: 'g2', free: 10, capacity: 10 }),
  ]);
  const clock = fakeClock();
  const samples = createPoolWatch(
    () => view,
    () => clock.monoMs(),
  ).samples();
  const of = (group: string) =>
    Object.fromEntries(
      samples.flatMap(({ name, labels, value }) => (labels?.['group'] === group ? [[name, value]] : [])),
    );
  expect(of('g1')).toEqual({
    onedoor_pool_servers: 4,
    onedoor_pool_ready_servers: 3,
    onedoor_pool_stale_servers: 1,
    onedoor_pool_suspects: 1,
    onedoor_pool_sessions: 21,
    onedoor_pool_capacity: 30,
    onedoor_pool_free_seats: 10,
    onedoor_pool_use_percent: (20 / 30) * 100,
  });
  expect(of('g2')).toMatchObject({ onedoor_pool_servers: 1, onedoor_pool_use_percent: 0 });
});

it('says when a pool that fills will be full', () => {
  const views = [100, 90, 80, 70].map((free) => aView([aServer({ free, capacity: 100 })]));
  const clock = fakeClock();
  let at = 0;
  const watch = createPoolWatch(
    () => views[at]!,
    () => clock.monoMs(),
  );
  const timeToFull = () => watch.samples().find(({ name }) => name === 'onedoor_pool_time_to_full_seconds')?.value;
  watch.look();
  expect(timeToFull()).toBeUndefined();
  while (at < views.length - 1) {
    at++;
    clock.advance(20_000);
    watch.look();
  }
  expect(timeToFull()).toBe(140);
});
