import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ownPlace } from '../support/local-program.ts';
import { type Program, startProgram, until } from '../support/program.ts';
import { plantTree } from '../support/temp-tree.ts';

const ROOT = join(import.meta.dirname, '../..');
const SOURCES = ['adapters', 'agents', 'client', 'core', 'door', 'lambda', 'local', 'page', 'tools'];
const FILES = ['onedoor.config.ts', 'onedoor.policies.ts', 'package.json', 'tsconfig.json'];
const WAIT_MS = 60_000;

/** The sources once more, with the same packages. */
function aCopy(): string {
  const copy = plantTree({});
  for (const path of [...SOURCES, ...FILES]) cpSync(join(ROOT, path), join(copy, path), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  mkdirSync(join(copy, '.cache'));
  return copy;
}

function save(copy: string, path: string, change: (text: string) => string): void {
  const before = readFileSync(join(copy, path), 'utf8');
  const after = change(before);
  expect(after).not.toBe(before);
  writeFileSync(join(copy, path), after);
}

const says = (dev: Program, what: string): Promise<true> =>
  until<true>(`${what} in ${dev.text()}`, () => dev.text().includes(what), WAIT_MS);

it('npm run dev serves a changed page at once, starts what else has changed anew, and survives what does not build', async () => {
  const copy = aCopy();
  const { flags } = await ownPlace();
  const dev = startProgram(join(copy, 'tools/dev.ts'), ['--servers', '1', '--crowd', '0', ...flags]);
  await says(dev, 'Ctrl-C ends');
  const page = /http\S+#token=\S+/.exec(dev.text())?.[0] ?? '';
  const get = async (name: string): Promise<string> => (await fetch(new URL(name, page))).text();

  save(copy, 'page/web/base.css', (css) => `${css}\n.from-the-test { color: red; }\n`);
  await says(dev, 'changed page/web/base.css → ready again in');
  expect(await get('page.css')).toContain('.from-the-test');

  save(copy, 'core/select/two-choices.ts', (text) => `${text}\nthis is no TypeScript\n`);
  await says(dev, 'changed core/select/two-choices.ts: Build failed');
  expect((await fetch(page)).status).toBe(200);
  save(copy, 'core/select/two-choices.ts', (text) => text.replace('\nthis is no TypeScript\n', ''));
  await says(dev, 'changed core/select/two-choices.ts → ready again in');
  // Its browser need not be told a new address, nor a new token.
  expect((await fetch(page)).status).toBe(200);
  console.log(
    dev
      .text()
      .match(/changed .*ready again.*/g)
      ?.join('\n'),
  );

  dev.child.kill('SIGINT');
  expect(await dev.ended()).toBe(0);
});
