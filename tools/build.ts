/** Makes the bundles: `npm run build`, with `--quiet` without the list of sizes. Each is one ES module for Node 24 with a source map beside it. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type BuildOptions, build, type Metafile, type OutputFile } from 'esbuild';
import type { PageAssets } from '../page/server/assets.ts';
import { pageAssets } from './build-page.ts';

export interface Bundle {
  readonly entry: string;
  /** Path under dist/. */
  readonly file: string;
  /** Most bytes that it may have, in KiB: every KiB of a Lambda function is start time. */
  readonly budgetKiB: number;
}

export const BUNDLES: readonly Bundle[] = [
  { entry: 'lambda/assign.ts', file: 'assign/index.mjs', budgetKiB: 100 },
  { entry: 'lambda/registrar.ts', file: 'registrar/index.mjs', budgetKiB: 1_200 },
  { entry: 'lambda/roster.ts', file: 'roster/index.mjs', budgetKiB: 600 },
  { entry: 'lambda/reaper.ts', file: 'reaper/index.mjs', budgetKiB: 1_600 },
  { entry: 'lambda/rotate.ts', file: 'rotate/index.mjs', budgetKiB: 600 },
  { entry: 'lambda/release.ts', file: 'release/index.mjs', budgetKiB: 600 },
  { entry: 'agents/main.ts', file: 'agent/agent.mjs', budgetKiB: 1_650 },
  { entry: 'door/main.ts', file: 'door/door.mjs', budgetKiB: 900 },
  { entry: 'local/game/main.ts', file: 'game/game.mjs', budgetKiB: 60 },
];

/** Bundled CommonJS packages call `require`; a long name, since minified code has short ones. */
const REQUIRE = [
  "import { createRequire as onedoorCreateRequire } from 'node:module';",
  'const require = onedoorCreateRequire(import.meta.url);',
].join('');

const ROOT = join(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');
const { version: RELEASE } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };

/**
 * Bundles every entry into `outDir`. The same sources give the same bytes; a file that would not change is not touched,
 * the others are replaced at once, so programs may start from them at any time.
 *
 * @param release what the programs call themselves
 */
export async function buildBundles(
  bundles: readonly Bundle[] = BUNDLES,
  outDir = DIST,
  release = RELEASE,
): Promise<Metafile> {
  const page = await pageAssets();
  const result = await build(bundleOptions(page, bundles, outDir, release));
  for (const file of result.outputFiles) replace(file);
  writePage(page, outDir);
  return result.metafile;
}

/** Nothing is written: `replace` does that. */
export type Options = BuildOptions & { readonly write: false; readonly metafile: true };

/** What esbuild is told, for programs that carry `page` in themselves. */
export function bundleOptions(page: PageAssets, bundles = BUNDLES, outDir = DIST, release: string = RELEASE): Options {
  return {
    absWorkingDir: ROOT,
    entryPoints: bundles.map(({ entry, file }) => ({ in: entry, out: file.replace(/\.mjs$/, '') })),
    outdir: outDir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    // The ES modules of the AWS SDK can be shaken, its CommonJS ones cannot.
    mainFields: ['module', 'main'],
    banner: { js: REQUIRE },
    define: { ONEDOOR_VERSION: JSON.stringify(release), ONEDOOR_PAGE: JSON.stringify(page) },
    minify: true,
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'external',
    metafile: true,
    write: false,
    logLevel: 'warning',
  };
}

/** The page's files, for the local system. */
export function writePage(page: PageAssets, outDir = DIST): void {
  for (const [name, text] of [
    ['index.html', page.html],
    ['page.js', page.js],
    ['page.css', page.css],
  ] as const) {
    replace({ path: join(outDir, 'page', name), contents: Buffer.from(text) });
  }
}

/** Puts the file there at once, unless it is there already. */
export function replace({ path, contents }: Pick<OutputFile, 'path' | 'contents'>): void {
  try {
    if (readFileSync(path).equals(contents)) return;
  } catch {
    mkdirSync(dirname(path), { recursive: true });
  }
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, contents);
  renameSync(fresh, path);
}

if (import.meta.main) {
  const { outputs } = await buildBundles();
  for (const { file, budgetKiB } of process.argv.includes('--quiet') ? [] : BUNDLES) {
    const bytes = outputs[`dist/${file}`]?.bytes ?? 0;
    console.log(`${(bytes / 1024).toFixed(0).padStart(5)} KiB of ${budgetKiB}  dist/${file}`);
  }
}
