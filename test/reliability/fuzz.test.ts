import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

function fuzz(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['tools/fuzz/main.ts', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: 100_000,
  });
  return { status, output: stdout + stderr };
}

describe('the fuzzer', () => {
  it('finds a fault behind four conditions, makes its input small and says how to repeat it', () => {
    const { status, output } = fuzz('--target', 'planted', '--for', '60', '--seed', '1');
    expect(status, output).toBe(1);
    const [, command = ''] = /repeat it by: npm run fuzz -- (.*)/.exec(output) ?? [];
    expect(output).toMatch(/^input 701742[0-9a-f]{2}$/m);
    expect(fuzz(...command.split(' ')).output).toContain('Error: found');
    rmSync(command.split(' ').at(-1)!);
  });

  it('breaks no rule of any parser in the time that it has', () => {
    const { status, output } = fuzz('--for', '14');
    expect(status, output).toBe(0);
    expect(output).toMatch(/^1\d targets, 0 broken$/m);
  });
});
