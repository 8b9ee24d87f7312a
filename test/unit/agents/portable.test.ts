import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const FILES = globSync(['agents/**/*.ts', 'adapters/**/*.ts'], { cwd: ROOT });

/** What Windows has not, or has otherwise (Node.js documentation of `process`, `fs` and `net`). */
const POSIX_ONLY: Readonly<Record<string, RegExp>> = {
  'users and groups': /process\.(get|set)e?(uid|gid)\(|process\.(initgroups|setgroups|umask)\(/,
  'modes of files': /\b[fl]?chmod(Sync)?\(|\b[fl]?chown(Sync)?\(/,
  'shortening through a descriptor that may only append': /\bftruncate(Sync)?\(/,
  'signals that it does not know': /SIG(HUP|USR1|USR2|PIPE|CHLD|STOP|CONT|QUIT)\b/,
  'a signal to another process': /process\.kill\(/,
  'paths of Linux alone': /['"`]\/(proc|dev|sys|etc|var)\b/,
  'a shell': /\bexec(Sync)?\(\s*['"`]|shell: true|\/bin\/sh/,
};

describe('what an agent is made of', () => {
  it('was looked at', () => {
    expect(FILES.length).toBeGreaterThan(50);
  });

  it.each(Object.entries(POSIX_ONLY))('does without %s', (_what, pattern) => {
    const found = FILES.filter((path) => {
      const code = readFileSync(join(ROOT, path), 'utf8').replaceAll(/^\s*(\*|\/\/|\/\*).*$/gm, '');
      return pattern.test(code);
    });
    expect(found).toEqual([]);
  });
});
