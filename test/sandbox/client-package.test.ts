import { execFile } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BROWSER_BUDGET_BYTES, buildClient } from '../../tools/build-client.ts';

const ROOT = join(import.meta.dirname, '../..');
const run = promisify(execFile);

let folder = '';
let made = '';
/** Another project, with the package installed from its archive. */
let project = '';

beforeAll(async () => {
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  folder = mkdtempSync(join(ROOT, '.cache/package-'));
  made = join(folder, 'client');
  project = join(folder, 'project');
  await buildClient(made);
  await run('npm', ['pack', made, '--pack-destination', folder], { cwd: folder });
  const archive = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'game', private: true, type: 'module' }));
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', join(folder, archive)], { cwd: project });
  mkdirSync(join(project, 'node_modules/@types'));
  symlinkSync(join(ROOT, 'node_modules/@types/node'), join(project, 'node_modules/@types/node'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What the compiler complains about in a project that is strict about types of packages too. */
async function complaints(code: string, options: object): Promise<string> {
  writeFileSync(join(project, 'game.ts'), code);
  const strict = { strict: true, noEmit: true, skipLibCheck: false, target: 'ES2022', ...options };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: strict, files: ['game.ts'] }));
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  const { stdout } = await run(tsc, ['-p', project]).catch((error: { stdout: string }) => error);
  return stdout;
}

const GAME = `
import { connect, menu, OnedoorError, roster, type SavedGrant } from 'onedoor-client';
export async function play(saved?: SavedGrant): Promise<string> {
  const session = await connect({ door: 'DOOR', choose: (all) => all.map(({ id }) => id), resume: saved });
  session.on('reassigned', ({ server, from }) => console.log(server.address, from.id));
  return \`\${session.server.ports['game']} \${session.ticket}\`;
}
void [menu, roster, OnedoorError];
`;

describe('the package of the client', () => {
  it('has a shape that every tool can read', async () => {
    const { messages } = await publint({ pkgDir: made, strict: true, pack: false });
    expect(messages).toEqual([]);
  });

  it('brings nothing along and asks for nothing', () => {
    const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(made, 'package.json'), 'utf8'));
    expect([dependencies, peerDependencies]).toEqual([undefined, undefined]);
    expect(readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      '@types',
      'onedoor-client',
    ]);
    expect(readdirSync(join(project, 'node_modules/onedoor-client')).sort()).toEqual(
      ['LICENSE', 'README.md', 'browser.mjs', 'index.mjs', 'package.json', 'types'].sort(),
    );
  });

  it('is at most 12 KiB for browsers, and uses nothing of Node there', () => {
    const path = join(made, 'browser.mjs');
    expect(statSync(path).size).toBeLessThanOrEqual(BROWSER_BUDGET_BYTES);
    expect(readFileSync(path, 'utf8')).not.toMatch(/\bnode:|\brequire\(|\bBuffer\b|\bprocess\./);
  });

  it('can be imported in Node, by default and as browsers get it', async () => {
    const code = `
      const node = await import('onedoor-client');
      const browser = await import('onedoor-client/browser');
      console.log(JSON.stringify([Object.keys(node).sort(), Object.keys(browser).sort()]));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', code], { cwd: project });
    expect(JSON.parse(stdout)).toEqual([
      ['ConfigError', 'OnedoorError', 'connect', 'menu', 'roster'],
      ['OnedoorError', 'connect', 'menu', 'roster'],
    ]);
  });

  it.each([
    ['Node', { module: 'NodeNext', lib: ['ES2022'], types: ['node'] }],
    ['a bundler for Node', { module: 'ESNext', moduleResolution: 'Bundler', lib: ['ES2022'], types: ['node'] }],
    [
      'a bundler for browsers',
      {
        ...{ module: 'ESNext', moduleResolution: 'Bundler', customConditions: ['browser'] },
        ...{ lib: ['ES2022', 'DOM'], types: [] },
      },
    ],
  ])('has types that compile in %s', async (_name, options) => {
    expect(await complaints(GAME, options)).toBe('');
  });

  it('has types for the page about browsers', async () => {
    const page = readFileSync(join(ROOT, 'docs/clients/browser.md'), 'utf8');
    const [, code = ''] = /^```ts\n([\s\S]*?)^```/m.exec(page) ?? [];
    const program = `import { connect } from 'onedoor-client/browser';\n${code}`;
    const options = { module: 'ESNext', moduleResolution: 'Bundler', lib: ['ES2022', 'DOM'], types: [] };
    expect(code).toContain('resume');
    expect(await complaints(program, options)).toBe('');
  });

  it('has types that know what is wrong', async () => {
    const options = { module: 'NodeNext', lib: ['ES2022'], types: ['node'] };
    expect(await complaints(GAME.replace("door: 'DOOR'", 'dor: 1'), options)).toContain("'dor' does not exist");
  });
});
