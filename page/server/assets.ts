import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The page's files, whole. */
export interface PageAssets {
  readonly html: string;
  readonly js: string;
  readonly css: string;
}

/** Put there by tools/build.ts. */
declare const ONEDOOR_PAGE: PageAssets | undefined;

/** Those that this program carries in itself; undefined where it runs from its sources. */
export function bundledAssets(): PageAssets | undefined {
  return typeof ONEDOOR_PAGE === 'undefined' ? undefined : ONEDOOR_PAGE;
}

/** Those that `npm run build` has put into the folder `page` of `distDir`. */
export function readAssets(distDir: string): PageAssets {
  const read = (name: string): string => readFileSync(join(distDir, 'page', name), 'utf8');
  return { html: read('index.html'), js: read('page.js'), css: read('page.css') };
}
