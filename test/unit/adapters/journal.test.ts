import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readdirSync, readFileSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Journal, openJournal } from '../../../adapters/journal/journal.ts';
import { takeLock } from '../../../adapters/journal/process-lock.ts';
import { ConfigError } from '../../../core/errors.ts';
import { plantTree } from '../../support/temp-tree.ts';

interface Entry {
  readonly t: 'n';
  readonly n: number;
}

function parse(line: string): Entry | undefined {
  try {
    const value = JSON.parse(line) as Entry;
    return value.t === 'n' ? value : undefined;
  } catch {
    return undefined;
  }
}

const entry = (n: number): Entry => ({ t: 'n', n });
const lines = (...numbers: readonly number[]): string => numbers.map((n) => `${JSON.stringify(entry(n))}\n`).join('');

/** A journal in `dir`, closed when the test ends; the same name each time. */
async function open(dir: string): Promise<Journal<Entry>> {
  const journal = await openJournal({ dir, name: 'SRV#op:a#0', parse });
  onTestFinished(() => journal.close().catch(() => {}));
  return journal;
}

const numbers = (journal: Journal<Entry>): number[] => journal.entries.map(({ n }) => n);
const JOURNAL = pathToFileURL(join(import.meta.dirname, '../../../adapters/journal/journal.ts')).href;
const fileIn = (dir: string): string => join(dir, 'SRV%23op%3Aa%230.journal');

describe('a journal', () => {
  it('gives back after a restart what was appended, in order, in a file for this user alone', async () => {
    const dir = join(plantTree({}), 'made/here');
    const first = await open(dir);
    first.append([entry(1), entry(2)]);
    first.append([]);
    first.append([entry(3)]);
    expect(readFileSync(fileIn(dir), 'utf8')).toBe(lines(1, 2, 3));
    await first.close();

    const second = await open(dir);
    expect(numbers(second)).toEqual([1, 2, 3]);
    expect(statSync(fileIn(dir)).mode & 0o777).toBe(0o600);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
  });

  it.each([1, 5, lines(3).length - 1])(
    'loses a last line of which only %i bytes were written, and nothing else',
    async (size) => {
      const dir = plantTree({});
      writeFileSync(fileIn(dir), lines(1, 2, 3));
      truncateSync(fileIn(dir), lines(1, 2).length + size);

      const journal = await open(dir);
      expect(numbers(journal)).toEqual([1, 2]);
      expect(journal.isDamaged).toBe(false);
      journal.append([entry(4)]);
      await journal.close();
      expect(numbers(await open(dir))).toEqual([1, 2, 4]);
    },
  );

  it('is as good as empty when a line in its middle cannot be read', async () => {
    const dir = plantTree({});
    writeFileSync(fileIn(dir), `${lines(1)}{"t":"n"\n${lines(2)}`);
    const journal = await open(dir);
    expect(journal.isDamaged).toBe(true);
    expect(journal.entries).toEqual([]);
  });

  it('skips entries of a later version', async () => {
    const dir = plantTree({});
    writeFileSync(fileIn(dir), `${lines(1)}{"t":"later","x":1}\n${lines(2)}`);
    expect(numbers(await open(dir))).toEqual([1, 2]);
  });

  it('is replaced by a rewrite, which a crash on the way leaves undone', async () => {
    const dir = plantTree({});
    const first = await open(dir);
    first.append([entry(1), entry(2), entry(3)]);
    first.rewrite([entry(3)]);
    first.append([entry(4)]);
    await first.close();
    writeFileSync(`${fileIn(dir)}.new`, '{"t":');

    expect(numbers(await open(dir))).toEqual([3, 4]);
  });

  it('is long when it has grown to several times what a rewrite leaves', async () => {
    const journal = await open(plantTree({}));
    const many = Array.from({ length: 20_000 }, (_, n) => entry(n));
    journal.append(many.slice(0, 1_000));
    expect(journal.isLong()).toBe(false);
    journal.append(many);
    expect(journal.isLong()).toBe(true);
    journal.rewrite(many);
    expect(journal.isLong()).toBe(false);
    for (let round = 0; round < 3; round++) journal.append(many);
    expect(journal.isLong()).toBe(true);
  });

  it('has one owner, whatever the directory is called', async () => {
    const dir = plantTree({});
    const link = join(plantTree({}), 'link');
    symlinkSync(dir, link);
    const first = await open(dir);
    await expect(open(dir)).rejects.toThrow(/must be served by one agent/);
    await expect(open(link)).rejects.toBeInstanceOf(ConfigError);
    await first.close();
    await open(link);
  });

  it('is not put where others may write', async () => {
    const dir = plantTree({});
    chmodSync(dir, 0o777);
    await expect(open(dir)).rejects.toThrow(/must be a directory that only user/);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('fails an append that does not fit, keeps none of it, and goes on', async () => {
    const dir = plantTree({});
    const script = `const { openJournal } = await import(${JSON.stringify(JOURNAL)});
      const journal = await openJournal({ dir: ${JSON.stringify(dir)}, name: 'SRV#op:a#0', parse: JSON.parse });
      const entry = (n) => ({ t: 'n', n });
      journal.append([entry(1)]);
      try { journal.append(Array.from({ length: 100 }, (_, n) => entry(n))); } catch { journal.append([entry(2)]); }
      journal.rewrite([entry(3)]);
      try { journal.append(Array.from({ length: 100 }, (_, n) => entry(n))); } catch { journal.append([entry(4)]); }`;
    // A limit of one block of 1,024 bytes is a full disk.
    const child = spawn('bash', [
      '-c',
      'ulimit -f 1; exec "$0" --input-type=module --eval "$1"',
      process.execPath,
      script,
    ]);
    expect(await once(child, 'exit')).toEqual([0, null]);

    expect(readFileSync(fileIn(dir), 'utf8')).toBe(lines(3, 4));
  });
});

describe('a process lock', () => {
  const MODULE = pathToFileURL(join(import.meta.dirname, '../../../adapters/journal/process-lock.ts')).href;

  it.each(['linux', 'darwin'] as const)('dies with its holder, however that dies (%s)', async (platform) => {
    const dir = plantTree({});
    const script = `const { takeLock } = await import(${JSON.stringify(MODULE)});
      console.log((await takeLock('subject', ${JSON.stringify(dir)}, '${platform}')) !== undefined);
      setInterval(() => {}, 1e6);`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    expect(line).toBe('true');

    expect(await takeLock('subject', dir, platform)).toBeUndefined();
    const other = await takeLock('another subject', dir, platform);
    expect(other).toBeDefined();
    child.kill('SIGKILL');
    await once(child, 'exit');
    const mine = await takeLock('subject', dir, platform);
    expect(mine).toBeDefined();
    await mine?.release();
    await other?.release();
  });
});
