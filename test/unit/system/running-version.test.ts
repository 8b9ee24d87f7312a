import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, it } from 'vitest';
import { runningVersion } from '../../../adapters/system/running-version.ts';
import { buildBundles } from '../../../tools/build.ts';
import { plantTree } from '../../support/temp-tree.ts';

const ROOT = join(import.meta.dirname, '../../..');
const PROGRAM = `
import { runningVersion } from ${JSON.stringify(join(ROOT, 'adapters/system/running-version.ts'))};
console.log(runningVersion(import.meta.filename));
`;

it('a bundle says its release and the start of its own SHA-256, as deployments know it', async () => {
  const root = plantTree({ 'program.ts': PROGRAM }, join(ROOT, '.cache'));
  const entry = relative(ROOT, join(root, 'program.ts'));
  await buildBundles([{ entry, file: 'program.mjs', budgetKiB: 9_999 }], join(root, 'dist'), '7.8.9');
  const bundle = join(root, 'dist/program.mjs');
  const { stdout } = spawnSync(process.execPath, [bundle], { encoding: 'utf8' });
  const hash = createHash('sha256').update(readFileSync(bundle)).digest('hex');
  expect(stdout).toBe(`7.8.9+${hash.slice(0, 8)}\n`);
}, 30_000);

it('a program that runs from its sources says so', () => {
  expect(runningVersion(import.meta.filename)).toBe('source');
});
