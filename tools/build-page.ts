/** Makes the page for operators: one file of code, one of style and its HTML, with nothing to load from anywhere else. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { PageAssets } from '../page/server/assets.ts';

const ROOT = join(import.meta.dirname, '..');

/** The page's files, whole. The same sources give the same bytes. */
export async function pageAssets(): Promise<PageAssets> {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['page/web/main.ts', 'page/web/page.css'],
    outdir: '/page',
    bundle: true,
    platform: 'browser',
    target: ['chrome120', 'firefox121', 'safari17'],
    format: 'esm',
    mainFields: ['module', 'main'],
    minify: true,
    legalComments: 'eof',
    write: false,
    logLevel: 'warning',
  });
  const textOf = (name: string): string => outputFiles.find(({ path }) => path.endsWith(name))?.text ?? '';
  const html = readFileSync(join(ROOT, 'page/web/index.html'), 'utf8').replaceAll(/\n\s*/g, '\n');
  return { html, js: textOf('main.js'), css: textOf('page.css') };
}
