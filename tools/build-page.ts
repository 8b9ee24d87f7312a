/** Makes the page for operators: one file of code, one of style and its HTML, with nothing to load from anywhere else. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type OutputFile } from 'esbuild';
import type { PageAssets } from '../page/server/assets.ts';

const ROOT = join(import.meta.dirname, '..');

export const PAGE_OPTIONS = {
  absWorkingDir: ROOT,
  entryPoints: ['page/web/main.ts', 'page/web/page.css'] as string[],
  outdir: '/page',
  bundle: true,
  platform: 'browser',
  target: ['chrome120', 'firefox121', 'safari17'] as string[],
  format: 'esm',
  mainFields: ['module', 'main'] as string[],
  minify: true,
  legalComments: 'eof',
  write: false,
  logLevel: 'warning',
} as const;

/** The page's files, whole. The same sources give the same bytes. */
export async function pageAssets(): Promise<PageAssets> {
  return toAssets((await build(PAGE_OPTIONS)).outputFiles);
}

/** @param outputFiles what esbuild made of `PAGE_OPTIONS` */
export function toAssets(outputFiles: readonly OutputFile[]): PageAssets {
  const textOf = (name: string): string => outputFiles.find(({ path }) => path.endsWith(name))?.text ?? '';
  const html = readFileSync(join(ROOT, 'page/web/index.html'), 'utf8').replaceAll(/\n\s*/g, '\n');
  return { html, js: textOf('main.js'), css: textOf('page.css') };
}
