import { expect, it } from 'vitest';
import { createAnswerTimes, timed } from '../../../door/answer-times.ts';
import { fakeClock } from '../../support/fake-clock.ts';

const SOURCE = { address: '192.0.2.1', port: 5000, protocol: 17 } as const;
const ANSWER = Uint8Array.of(1);

it('counts each time in a bucket that is at most a fifth above it', () => {
  for (const ms of [0.011, 0.5, 3, 40, 900]) {
    const times = createAnswerTimes();
    times.took(ms);
    const [[upToUs, count] = [0, 0]] = times.read();
    expect(count).toBe(1);
    expect(upToUs).toBeGreaterThanOrEqual(Math.floor(ms * 1_000));
    expect(upToUs).toBeLessThan(ms * 1_200);
  }
});

it('keeps what is too short or too long in the first and the last bucket', () => {
  const times = createAnswerTimes();
  for (const ms of [0, 1e-6, 1e9]) times.took(ms);
  expect(times.read().map(([, count]) => count)).toEqual([2, 1]);
});

it('times answers, also those that come later, and no silence', async () => {
  const clock = fakeClock();
  const times = createAnswerTimes();
  const atOnce = timed(() => ANSWER, times, clock);
  const silent = timed(() => undefined, times, clock);
  const later = timed(
    async () => {
      clock.advance(8);
      return ANSWER;
    },
    times,
    clock,
  );
  expect(atOnce(ANSWER, SOURCE)).toBe(ANSWER);
  expect(silent(ANSWER, SOURCE)).toBeUndefined();
  expect(await later(ANSWER, SOURCE)).toBe(ANSWER);
  expect(times.read().map(([upToUs, count]) => [upToUs > 8_000, count])).toEqual([
    [false, 1],
    [true, 1],
  ]);
});

it('times one answer in sixteen, the first one too', () => {
  const times = createAnswerTimes();
  const often = timed(() => ANSWER, times, fakeClock());
  for (let asked = 0; asked < 33; asked++) expect(often(ANSWER, SOURCE)).toBe(ANSWER);
  expect(times.read().map(([, count]) => count)).toEqual([3]);
});
