import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createFunctionLogger } from '../../../adapters/system/function-logger.ts';
import { createLogger } from '../../../adapters/system/logger.ts';
import { OnedoorError } from '../../../core/errors.ts';

type Line = Readonly<Record<string, unknown>>;

const LOGGERS = {
  'of programs': (lines: Line[]) =>
    createLogger({ level: 'info', destination: { write: (line) => void lines.push(JSON.parse(line)) } }),
  'of functions': (lines: Line[]) =>
    createFunctionLogger({ level: 'info', base: {}, write: (line) => void lines.push(JSON.parse(line)) }),
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe.each(Object.entries(LOGGERS))('the log %s in a flood', (_of, create) => {
  const flooded = () => {
    const lines: Line[] = [];
    return { log: create(lines), take: () => lines.splice(0).map(({ msg, n, leftOut }) => [msg, n, leftOut]) };
  };

  it('writes the first line of a kind at once, and the last of a second with the number of the others', () => {
    const { log, take } = flooded();
    for (let n = 0; n < 1_000; n++) log.warn({ n }, 'an answer failed');
    expect(take()).toEqual([['an answer failed', 0, undefined]]);
    vi.advanceTimersByTime(1_000);
    expect(take()).toEqual([['an answer failed', 999, 998]]);
    log.warn({ n: 1 }, 'an answer failed');
    vi.advanceTimersByTime(1_000);
    expect(take()).toHaveLength(1);
    vi.advanceTimersByTime(10_000);
    expect(take()).toEqual([]);
    log.warn({ n: 2 }, 'an answer failed');
    expect(take()).toEqual([['an answer failed', 2, undefined]]);
  });

  it('tells kinds apart by level, message and code', () => {
    const { log, take } = flooded();
    for (let times = 0; times < 3; times++) {
      log.warn({ n: 1 }, 'one');
      log.error({ n: 2 }, 'one');
      log.warn({ n: 3 }, 'another');
      log.warn({ n: 4, err: new OnedoorError('registry.refused') }, 'one');
      log.warn({ n: 5, err: new OnedoorError('registry.unreachable') }, 'one');
    }
    expect(take().map(([, n]) => n)).toEqual([1, 2, 3, 4, 5]);
  });

  it('writes every change that is no trouble', () => {
    const { log, take } = flooded();
    for (let n = 0; n < 3; n++) log.info({ n }, 'the server is now in this state');
    expect(take()).toHaveLength(3);
  });
});

it('gives each child of a logger a second of its own', () => {
  const lines: Line[] = [];
  const log = LOGGERS['of programs'](lines) as ReturnType<typeof createLogger>;
  const [one, other] = [log.child({ slot: 0 }), log.child({ slot: 1 })];
  for (const each of [one, other, one, other]) each.warn({}, 'the game does not answer');
  expect(lines.map(({ slot }) => slot)).toEqual([0, 1]);
});
