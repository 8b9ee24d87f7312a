import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createApiLoad } from '../../../adapters/load/api.ts';
import { createLoadAdapter } from '../../../adapters/load/create-load-adapter.ts';
import { toReading } from '../../../adapters/load/load-adapter.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { plantTree } from '../../support/temp-tree.ts';
import { failure } from './scripted.ts';

const GAME = { address: '127.0.0.1', port: 27_015 };

/** The path of a shell script. */
function program(text: string): string {
  const path = join(plantTree({ 'load.sh': `#!/bin/sh\n${text}\n` }), 'load.sh');
  chmodSync(path, 0o755);
  return path;
}

describe('the word of a load adapter', () => {
  it.each([
    '',
    'nonsense',
    'toString',
    'bzflag:x',
    'command',
    'command:',
    'gamedig',
    'gamedig:no-such-game',
    'gamedig:protocol-none',
  ])('"%s" is refused with what it must be', async (word) => {
    await expect(createLoadAdapter(word, GAME)).rejects.toThrow(/`load` must be .*, got: /);
  });
});

describe('the command query', () => {
  const query = async (text: string) => (await createLoadAdapter(`command:${program(text)}`, GAME)).query();
  const failed = async (text: string): Promise<string> =>
    failure(await createLoadAdapter(`command:${program(text)}`, GAME));

  it('reads what the program prints, which is told the address of the game and nothing of our environment', async () => {
    process.env['SECRET_OF_OURS'] = 'x';
    const text =
      'echo "{\\"sessions\\": $2, \\"capacity\\": 30000, \\"participants\\": [\\"$1\\", \\"$SECRET_OF_OURS\\"]}"';
    expect(await query(text)).toEqual({ sessions: 27_015, capacity: 30_000, participants: ['127.0.0.1'] });
  });

  it.each([
    ['ended with 3', 'exit 3'],
    ['ended by SIGSEGV', 'kill -SEGV $$'],
    ['not done within 1000 ms', 'exec sleep 5'],
    ['must print a JSON object, got: "7\\n"', 'echo 7'],
    ['must print a JSON object, got: "{\\"sessions"', "printf '{\"sessions'"],
    ['`sessions` must be a count, got: -1.', 'echo \'{"sessions": -1}\''],
    ['ended with ERR_CHILD_PROCESS_STDIO_MAXBUFFER', 'head -c 100000 /dev/zero'],
  ])('fails with "%s"', async (reason, text) => {
    expect(await failed(text)).toBe(reason);
  });

  it('fails where there is no such program', async () => {
    expect(await failure(await createLoadAdapter('command:/no/such/program', GAME))).toBe('ended with ENOENT');
  });
});

describe('the load of a game that calls its agent', () => {
  it('is the newest report, for as long as the game calls', async () => {
    const clock = fakeClock();
    const load = createApiLoad(clock, 2_000);
    expect(await failure(load)).toBe('the game has not called yet');
    load.report({ sessions: 1 });
    clock.advance(1_000);
    load.report({ sessions: 2, participants: ['ann', 'bob'] });
    clock.advance(1_999);
    expect(await load.query()).toEqual({ sessions: 2, participants: ['ann', 'bob'], ageMs: 1_999 });
    clock.advance(1);
    expect(await failure(load)).toBe('no call for 2000 ms');
  });
});

describe('a reading', () => {
  it('leaves out what is not usable, and cuts what is too much', () => {
    expect(toReading('x', { sessions: 0, capacity: 'many', participants: 'ann' })).toEqual({ sessions: 0 });
    const participants = ['', 7, 'é'.repeat(500), '🎮'.repeat(500), ...Array(500).fill('ann')];
    const reading = toReading('x', { sessions: 1, capacity: 2, participants });
    expect(reading.participants?.slice(0, 3)).toEqual(['é'.repeat(16), '🎮'.repeat(8), 'ann']);
    expect(reading.participants?.length).toBe(253);
  });

  it.each([undefined, null, '3', 1.5, -1, Number.NaN, 65_536])(
    'needs a count of sessions, which %s is not',
    (sessions) => {
      expect(() => toReading('x', { sessions })).toThrow(/load.query-failed/);
    },
  );
});
