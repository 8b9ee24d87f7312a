/** The words of docs/GLOSSARY.md: each is used, and what has a word there is not called something else. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from './pages.ts';
import { unfenced } from './pages.ts';

const GLOSSARY = 'docs/GLOSSARY.md';
/** Pages that speak of other systems in these systems' words. */
const OF_OTHERS = /^docs\/coming-from\/|^docs\/AGONES\.md$/;

interface Term {
  readonly words: readonly string[];
  /** What not to call it. */
  readonly instead: readonly string[];
}

/** Rows of the glossary: `| word, other form | meaning | not |`. */
function glossary(text: string): Term[] {
  const rows = [...text.matchAll(/^\| ([^|]+) \| [^|]+ \| ([^|]*) ?\|$/gm)].slice(1);
  const list = (cell: string): string[] => cell.split(',').flatMap((word) => word.trim() || []);
  return rows.map(([, words = '', instead = '']) => ({ words: list(words), instead: list(instead) }));
}

const asWord = (word: string): RegExp => new RegExp(`\\b${word}s?\\b`, 'i');

export function wordComplaints(root: string, pages: readonly Page[]): string[] {
  const own = pages.find(({ path }) => path === GLOSSARY);
  if (!own) return [];
  const terms = glossary(own.text);
  if (terms.length === 0) return [`${GLOSSARY}: has no rows`];
  const texts = pages.filter(({ path }) => path !== GLOSSARY && !OF_OTHERS.test(path));
  const prose = texts.map(({ path, text }) => ({ path, text: unfenced(text).replaceAll(/`[^`\n]*`/g, '') }));
  const sources = globSync('{core,door,agents,lambda}/**/*.ts', { cwd: root }).map((path) =>
    readFileSync(join(root, path), 'utf8'),
  );
  const unused = terms
    .flatMap(({ words }) => words)
    .filter((word) => ![...prose.map(({ text }) => text), ...sources].some((text) => asWord(word).test(text)))
    .map((word) => `${GLOSSARY}: nobody says "${word}"`);
  const wrong = prose.flatMap(({ path, text }) =>
    terms.flatMap(({ words, instead }) =>
      instead.filter((word) => asWord(word).test(text)).map((word) => `${path}: says "${word}" for "${words[0]}"`),
    ),
  );
  return [...unused, ...wrong];
}
