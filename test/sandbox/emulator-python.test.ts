import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { choosePython, type Edition } from '../emulator/support/python.ts';
import { plantTree } from '../support/temp-tree.ts';

const NEW: Edition = { name: 'new', list: 'new.txt', pythons: ['3.13', '3.12'] };
const OLD: Edition = { name: 'old', list: 'old.txt', pythons: ['3.11'] };

/** Programs that say that they are these versions; one without a version fails, as a Python without venv does. */
function somePythons(...versions: readonly string[]): string[] {
  return versions.map((version) => {
    const script = version === '' ? 'exit 1' : `printf '${version}'`;
    const path = join(plantTree({ python: `#!/bin/sh\n${script}\n` }), 'python');
    chmodSync(path, 0o755);
    return path;
  });
}

describe('the Python for an emulator', () => {
  it('is the best for the best edition that this machine can run', () => {
    const names = somePythons('3.11', '3.12', '3.13');

    expect(choosePython([NEW, OLD], names)).toEqual({ python: { program: names[2], version: '3.13' }, edition: NEW });
  });

  it('is an older one with the edition that it runs, if there is no other', () => {
    const names = ['/nowhere/python', ...somePythons('', '3.9', '3.11')];

    expect(choosePython([NEW, OLD], names)).toEqual({ python: { program: names[3], version: '3.11' }, edition: OLD });
  });

  it('is none where only other versions are', () => {
    expect(choosePython([NEW, OLD], somePythons('3.8', '3.15'))).toBeUndefined();
  });
});
