import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runWithin } from '../../tools/run-within.ts';

/** Longer than any run here may last. */
const SLEEP = 'sleep 300';
const QUICK = { graceMs: 500 };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-within-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function shell(script: string): string[] {
  return ['sh', '-c', script];
}

/** The id that a script wrote to `name`. */
function idIn(name: string): number {
  return Number(readFileSync(join(folder, name), 'utf8'));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe('a program that runs within a limit', () => {
  it('gives its exit code and what it wrote', async () => {
    const result = await runWithin(shell('echo out; echo err >&2; exit 3'), { limitMs: 30_000 });

    expect(result).toEqual({ code: 3, output: 'out\nerr\n', late: undefined, left: [] });
  });

  it('is ended when its time is over, with what it started in a session of its own', async () => {
    const script = `setsid ${SLEEP} & echo $! > ${folder}/away; ${SLEEP}; :`;

    const { code, late } = await runWithin(shell(script), { limitMs: 2_000, ...QUICK });

    expect(code).toBeUndefined();
    expect(late?.map(({ command }) => command)).toEqual([SLEEP, SLEEP]);
    expect(isAlive(idIn('away'))).toBe(false);
  });

  it('may clean up when it is asked to end', async () => {
    // Some shells say on stderr which of their children was ended.
    const script = `exec 2> /dev/null; trap 'echo cleaned up; exit 7' TERM; while :; do ${SLEEP} & wait $!; done`;

    const { code, output, late } = await runWithin(shell(script), { limitMs: 1_000, graceMs: 20_000 });

    expect({ code, output, isLate: late !== undefined }).toEqual({ code: 7, output: 'cleaned up\n', isLate: true });
  });

  it('is killed if it takes no notice', async () => {
    const { code, late } = await runWithin(shell(`trap '' TERM; while :; do ${SLEEP}; done`), {
      limitMs: 1_000,
      ...QUICK,
    });

    expect({ code, isLate: late !== undefined }).toEqual({ code: undefined, isLate: true });
  });

  it('leaves nothing behind, and what it would have left is told', async () => {
    const script = `${SLEEP} > /dev/null 2>&1 & echo $! > ${folder}/stray; sleep 1`;

    const { code, left } = await runWithin(shell(script), { limitMs: 30_000 });

    expect({ code, left: left.map(({ command }) => command) }).toEqual({ code: 0, left: [SLEEP] });
    expect(isAlive(idIn('stray'))).toBe(false);
  });

  it('rejects if there is no such program', async () => {
    await expect(runWithin(['/nowhere/program'], { limitMs: 1_000 })).rejects.toThrow('ENOENT');
  });
});
