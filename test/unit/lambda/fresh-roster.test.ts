import { describe, expect, it } from 'vitest';
import { createFreshRoster } from '../../../lambda/fresh-roster.ts';
import { fakeClock } from '../../support/fake-clock.ts';

/** A reader whose readings end when the test says so. */
function aReader() {
  const clock = fakeClock();
  const errors: unknown[] = [];
  let readings: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  let count = 0;
  const reader = {
    hasRoster: true,
    refresh() {
      count++;
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      readings.push({ resolve, reject });
      return promise;
    },
    ageMs: () => (reader.hasRoster ? 0 : Number.POSITIVE_INFINITY),
  };
  const end = (how: 'resolve' | 'reject') => {
    const ending = readings;
    readings = [];
    for (const reading of ending) reading[how](new Error('away'));
  };
  const fresh = createFreshRoster({ reader, clock, refreshMs: 1_000, onError: (error) => errors.push(error) });
  /** One request whose reading, if it makes one, ends like this. */
  const ask = (how: 'resolve' | 'reject' = 'resolve'): boolean | Promise<boolean> => {
    const asked = fresh();
    end(how);
    return asked;
  };
  return { reader, clock, errors, fresh, end, ask, readings: () => count };
}

describe('the roster of a function', () => {
  it('is read by the first request', async () => {
    const { ask, readings } = aReader();

    expect(await ask()).toBe(true);
    expect(readings()).toBe(1);
  });

  it('is read at most once a second', async () => {
    const { ask, clock, readings } = aReader();

    await ask();
    clock.advance(999);
    await ask();
    expect(readings()).toBe(1);
    clock.advance(1);
    await ask();
    expect(readings()).toBe(2);
  });

  it('is read once for requests of the same moment, however long it takes', async () => {
    const { fresh, end, clock, readings } = aReader();

    const first = fresh();
    clock.advance(5_000);
    const second = fresh();
    end('resolve');

    expect(await Promise.all([first, second])).toEqual([true, true]);
    expect(readings()).toBe(1);
  });

  it('serves for a minute after the registry was last there', async () => {
    const { ask, clock, errors } = aReader();
    await ask();

    clock.advance(59_000);
    expect(await ask('reject')).toBe(true);
    clock.advance(1_000);
    expect(await ask('reject')).toBe(false);
    expect(errors).toHaveLength(2);
  });

  it('does not take a reading that was not due for a sign of life', async () => {
    const { ask, clock } = aReader();
    await ask();
    clock.advance(60_000);
    await ask('reject');

    clock.advance(500);

    expect(await ask()).toBe(false);
  });

  it('serves again once the registry is back', async () => {
    const { ask, clock } = aReader();
    expect(await ask('reject')).toBe(false);

    clock.advance(1_000);

    expect(await ask()).toBe(true);
  });

  it('does not serve before there is one', async () => {
    const { ask, reader, clock } = aReader();
    reader.hasRoster = false;
    expect(await ask()).toBe(false);

    reader.hasRoster = true;
    clock.advance(1_000);

    expect(await ask()).toBe(true);
  });
});
