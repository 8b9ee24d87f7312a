/**
 * Writes test/vectors/{addresses,classic,requests,responses,malformed,framing}.json, the golden vectors of the wire
 * format: `node tools/vectors.ts`. The files are the standard, not this program: a changed line in them is a changed
 * protocol. With `--check` nothing is written, and the exit code tells whether the files are what would be written.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addressVectors, classicVectors, framingVectors } from './vectors/classic.ts';
import { malformedVectors } from './vectors/malformed.ts';
import { requestVectors } from './vectors/requests.ts';
import { responseVectors } from './vectors/responses.ts';

const FILES: Readonly<Record<string, () => object>> = {
  addresses: addressVectors,
  classic: classicVectors,
  requests: requestVectors,
  responses: responseVectors,
  malformed: malformedVectors,
  framing: framingVectors,
};

const checking = process.argv.includes('--check');
for (const [name, make] of Object.entries(FILES)) {
  const path = join(import.meta.dirname, '../test/vectors', `${name}.json`);
  const text = `${JSON.stringify(make(), undefined, 1)}\n`;
  if (!checking) writeFileSync(path, text);
  else if (readFileSync(path, 'utf8') !== text) {
    console.error(`${path} is not what tools/vectors.ts writes`);
    process.exitCode = 1;
  }
}
