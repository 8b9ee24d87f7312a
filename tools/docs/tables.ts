/** Tables that viewers of Markdown (GitHub Flavored Markdown, section 4.10) show as they are meant. */
import type { Page } from './pages.ts';
import { unfenced } from './pages.ts';

const isRow = (line: string | undefined): boolean => line?.startsWith('|') === true;
const isRule = (line: string | undefined): boolean => /^\|(\s*:?-+:?\s*\|)+$/.test(line ?? '');
const isBlank = (line: string | undefined): boolean => line === undefined || line.trim() === '';

/** Cells of a row; a bar behind a backslash is text. */
const width = (row: string): number => row.replaceAll('\\|', '').split('|').length - 2;

export function tableComplaints({ text }: Page): string[] {
  const lines = unfenced(text).split('\n');
  return lines.flatMap((line, at) => {
    if (!isRow(line)) return [];
    const previous = lines[at - 1];
    const next = lines[at + 1];
    const start = line.slice(0, 60);
    if (!isRow(previous) && !isRule(next)) return [`\`${start}\` is a row of no table`];
    if (!isRow(previous) && width(line) !== width(next ?? ''))
      return [`\`${start}\` has more or fewer cells than its rule`];
    if (!isRow(next) && !isBlank(next)) return [`what follows \`${start}\` becomes a row: a blank line ends a table`];
    return [];
  });
}
