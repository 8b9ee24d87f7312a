/**
 * Makes the client as a package in dist/client: `npm run build:client`. One ES module for Node and one for browsers, their
 * types, and nothing to install beside it. `npm pack dist/client` makes the archive that other projects install.
 */
import { execFile } from 'node:child_process';
import { copyFileSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');

/** Most bytes that the module for browsers may have: what every page that uses it loads. */
export const BROWSER_BUDGET_BYTES = 12 * 1024;

const README = `# onedoor-client

Asks the door of a Onedoor deployment for a server, keeps the session alive, and finds another server when it is lost.
No dependency. In Node: \`import { connect } from 'onedoor-client'\`. In a browser the same import, or
\`onedoor-client/browser\`, speaks HTTP(S) to the door.
`;

function manifest(version: string): object {
  const node = { types: './types/client/index.d.ts', default: './index.mjs' };
  const browser = { types: './types/client/browser.d.ts', default: './browser.mjs' };
  return {
    name: 'onedoor-client',
    version,
    description: 'Asks one public address for a game or VoIP server, and finds another when it is lost',
    license: 'Apache-2.0',
    type: 'module',
    sideEffects: false,
    engines: { node: '>=20' },
    exports: { '.': { browser, ...node }, './browser': browser, './package.json': './package.json' },
    files: ['index.mjs', 'browser.mjs', 'types', 'LICENSE', 'README.md'],
  };
}

/** Makes the package in `outDir`, from nothing. */
export async function buildClient(outDir = join(ROOT, 'dist/client')): Promise<void> {
  rmSync(outDir, { recursive: true, force: true });
  mkdirSync(outDir, { recursive: true });
  const common = { absWorkingDir: ROOT, bundle: true, format: 'esm', minify: true, logLevel: 'warning' } as const;
  await Promise.all([
    build({
      ...common,
      entryPoints: ['client/index.ts'],
      outfile: join(outDir, 'index.mjs'),
      platform: 'node',
      target: 'node20',
    }),
    build({
      ...common,
      entryPoints: ['client/browser.ts'],
      outfile: join(outDir, 'browser.mjs'),
      platform: 'browser',
      target: 'es2022',
    }),
    emitTypes(join(outDir, 'types')),
  ]);
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  writeFileSync(join(outDir, 'package.json'), `${JSON.stringify(manifest(version), null, 2)}\n`);
  writeFileSync(join(outDir, 'README.md'), README);
  copyFileSync(join(ROOT, 'LICENSE'), join(outDir, 'LICENSE'));
}

async function emitTypes(outDir: string): Promise<void> {
  const config = join(outDir, 'tsconfig.json');
  mkdirSync(outDir, { recursive: true });
  writeFileSync(
    config,
    JSON.stringify({
      extends: join(ROOT, 'tsconfig.json'),
      compilerOptions: {
        ...{ noEmit: false, declaration: true, emitDeclarationOnly: true, stripInternal: true },
        ...{ rootDir: ROOT, outDir, typeRoots: [join(ROOT, 'node_modules/@types')] },
      },
      include: [],
      exclude: [],
      files: ['client/index.ts', 'client/browser.ts', 'core/globals.d.ts'].map((file) => join(ROOT, file)),
    }),
  );
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  await promisify(execFile)(tsc, ['-p', config]).catch((error: { stdout: string }) => {
    throw new Error(error.stdout);
  });
  rmSync(config);
  // Other projects resolve `./x.js` to `./x.d.ts`; a path that ends in `.ts` needs a setting that they may not have.
  for (const file of globSync('**/*.d.ts', { cwd: outDir })) {
    const path = join(outDir, file);
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replaceAll(/(from |import\()(['"]\.[^'"]*)\.ts(['"])/g, '$1$2.js$3'));
  }
}

if (import.meta.main) {
  await buildClient();
  for (const name of ['index.mjs', 'browser.mjs']) {
    const { length } = readFileSync(join(ROOT, 'dist/client', name));
    console.log(`${(length / 1024).toFixed(1).padStart(6)} KiB  dist/client/${name}`);
  }
}
