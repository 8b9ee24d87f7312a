import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { plantTree, type Tree } from '../../support/temp-tree.ts';

const ROOT = join(import.meta.dirname, '../../..');
const COPIED = ['biome.json', 'tools/lint/core-is-timeless.grit'];
const TIMELESS = 'plugin';

/** What Biome finds in a tree with this repository's rules: `path category` for each. */
function lint(tree: Tree): string[] {
  const rules = Object.fromEntries(COPIED.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]));
  const biome = join(ROOT, 'node_modules/.bin/biome');
  const root = plantTree({ ...rules, ...tree });
  const { stdout } = spawnSync(biome, ['lint', '--reporter=json', '--max-diagnostics=none'], {
    cwd: root,
    encoding: 'utf8',
  });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { category: string; location: { path: string } }[] };
  return diagnostics.map(({ category, location }) => `${location.path} ${category.split('/').at(-1)}`);
}

const lines = (count: number): string => Array.from({ length: count }, (_, i) => `  run(${i});\n`).join('');

it('plain code passes, and the clock may be read outside core', () => {
  const tree = {
    'door/clock.ts': 'export const wallMs = (): number => Date.now() + Math.random();\n',
    'core/wire/part.ts': 'export const year = (ms: number): Date => new Date(ms);\n',
    'door/long.ts': `export function f(run: (n: number) => void) {\n${lines(66)}}\n`,
    'vite.config.ts': 'export default 1;\n',
  };

  expect(lint(tree)).toEqual([]);
}, 30_000);

it.each([
  ['Date.now in core', 'core/wire/part.ts', 'export const now = Date.now;', TIMELESS],
  ['new Date() in core', 'core/wire/part.ts', 'export const now = () => new Date();', TIMELESS],
  ['Math.random in core', 'core/wire/part.ts', 'export const draw = () => Math.random();', TIMELESS],
  ['a file of more than 300 lines', 'door/part.ts', lines(301), 'noExcessiveLinesPerFile'],
  [
    'a function of more than 70 lines',
    'door/part.ts',
    `export function f() {\n${lines(71)}\n}`,
    'noExcessiveLinesPerFunction',
  ],
  ['a default export', 'door/part.ts', 'export default 1;', 'noDefaultExport'],
  ['a file name in another case', 'door/somePart.ts', 'export const a = 1;', 'useFilenamingConvention'],
  ['a focused test', 'test/unit/a.test.ts', "it.only('a', () => {});", 'noFocusedTests'],
  ['a skipped test', 'test/unit/a.test.ts', "it.skip('a', () => {});", 'noSkippedTests'],
  ['any', 'door/part.ts', 'export const a = (b: any) => b;', 'noExplicitAny'],
])(
  '%s is found',
  (_, path, source, rule) => {
    expect(lint({ [path]: `${source}\n` })).toContain(`${path} ${rule}`);
  },
  30_000,
);
