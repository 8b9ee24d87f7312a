/** The pages of the repository, and what stands in them. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Fence {
  /** The first word behind the fence, '' if there is none. */
  readonly language: string;
  readonly code: string;
  /** Line of the page where the fence opens, from 1. */
  readonly line: number;
}

export interface Page {
  /** Relative to the root. */
  readonly path: string;
  readonly text: string;
  readonly fences: readonly Fence[];
  /** Code spans outside of fences. */
  readonly spans: readonly string[];
}

const FENCE = /^(```|~~~)(\S*)[^\n]*\n([\s\S]*?)^\1/gm;

/** The page without its fenced blocks. */
export function unfenced(text: string): string {
  return text.replaceAll(FENCE, '');
}

export function parsePage(path: string, text: string): Page {
  const fences = [...text.matchAll(FENCE)].map(({ 2: language = '', 3: code = '', index }) => ({
    language,
    code,
    line: text.slice(0, index).split('\n').length,
  }));
  const spans = [...unfenced(text).matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
  return { path, text, fences, spans };
}

export function readPages(root: string): Page[] {
  const paths = globSync(['*.md', '{docs,client,examples,bench,tools,test}/**/*.md'], { cwd: root });
  return paths.sort().map((path) => parsePage(path, readFileSync(join(root, path), 'utf8')));
}
