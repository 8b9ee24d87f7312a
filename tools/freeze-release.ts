/**
 * Keeps the programs of the release that is being made, for the tests of the next one: `npm run freeze`, once for each
 * release and after its bundles were built. test/sandbox/compat.test.ts runs them beside the programs of the sources.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';

const ROOT = join(import.meta.dirname, '..');
const FOLDER = join(ROOT, 'test/compat/previous');

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
const programs = ['agent/agent.mjs', 'door/door.mjs', 'game/game.mjs'].map((path) => {
  const bytes = readFileSync(join(ROOT, 'dist', path));
  const file = `${path.split('/')[0]}.mjs.br`;
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, file), brotliCompressSync(bytes));
  return { file, sha256: createHash('sha256').update(bytes).digest('hex') };
});
writeFileSync(join(FOLDER, 'release.json'), `${JSON.stringify({ version, programs }, undefined, 2)}\n`);
console.log(`test/compat/previous: ${version}`);
