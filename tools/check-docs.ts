/**
 * Checks every Markdown page, `npm run docs:check`: links and anchors exist, commands and requests are ones that somebody
 * takes (tools/docs/shell.ts), code compiles and settings are read (tools/docs/code.ts), words are those of the glossary
 * (tools/docs/words.ts), and what programs write is what they would write now.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { costPage } from './cost-doc.ts';
import { decisionsPage } from './decisions-doc.ts';
import { codeComplaints, configComplaints, generatedComplaint, typeComplaints } from './docs/code.ts';
import { readPages } from './docs/pages.ts';
import { shellComplaints } from './docs/shell.ts';
import { tableComplaints } from './docs/tables.ts';
import { wordComplaints } from './docs/words.ts';
import { errorsPage } from './errors-doc.ts';
import { metricsPage } from './metrics-doc.ts';

/** The anchor that Markdown viewers give a heading: lower case, punctuation dropped, a hyphen for each space. */
function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');
}

/** The page without its code: fenced blocks and code spans hold no links. */
function prose(page: string): string {
  return page.replaceAll(/^(```|~~~)[\s\S]*?^\1/gm, '').replaceAll(/`[^`\n]*`/g, '');
}

function anchorsOf(page: string): Set<string> {
  const headings = page.replaceAll(/^(```|~~~)[\s\S]*?^\1/gm, '').matchAll(/^#{1,6}\s+(.+)$/gm);
  const named = page.matchAll(/<a (?:id|name)="([^"]+)"/g);
  return new Set([
    ...[...headings].map(([, title = '']) => anchorOf(title)),
    ...[...named].map(([, name = '']) => name),
  ]);
}

function linkComplaint(root: string, path: string, link: string): string | undefined {
  const [file = '', anchor] = decodeURI(link).split('#');
  const target = file === '' ? path : resolve(dirname(path), file);
  if (!target.startsWith(root)) return `${link} leaves the repository`;
  if (!existsSync(target)) return `${link} is not there`;
  if (anchor === undefined || !target.endsWith('.md') || statSync(target).isDirectory()) return undefined;
  return anchorsOf(readFileSync(target, 'utf8')).has(anchor) ? undefined : `${link}: no such heading`;
}

/** Tests that a page names by path, and by path and name: both must be there. */
function testComplaints(root: string, page: string): string[] {
  const named = page.matchAll(/`(test\/[\w/.-]+\.test\.ts)`(?: "([^"]+)")?/g);
  return [...named].flatMap(([, path = '', name]) => {
    if (!existsSync(join(root, path))) return [`${path} is not there`];
    if (name === undefined || readFileSync(join(root, path), 'utf8').includes(name)) return [];
    return [`${path} has no test "${name}"`];
  });
}

function pageComplaints(root: string, path: string, scripts: ReadonlySet<string>): string[] {
  const page = readFileSync(path, 'utf8');
  const links = [
    ...[...prose(page).matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g)],
    ...[...prose(page).matchAll(/^\[[^\]]+\]:\s+(\S+)/gm)],
  ].map(([, link = '']) => link);
  const local = links.filter((link) => !/^[a-z][a-z0-9+.-]*:/i.test(link));
  const named = [...page.matchAll(/npm run ([a-z][a-z0-9:-]*)/g)].map(([, name = '']) => name);
  const dead = local.map((link) => linkComplaint(root, path, link)).filter((complaint) => complaint !== undefined);
  const unknown = [...new Set(named)].filter((name) => !scripts.has(name));
  return [...dead, ...unknown.map((name) => `npm run ${name}: no such script`), ...testComplaints(root, page)].map(
    (complaint) => `${relative(root, path)}: ${complaint}`,
  );
}

/** Everything that is wrong with the links and scripts of the tree at `root`, one line each. */
export function documentComplaints(root: string): string[] {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
  const scripts = new Set(Object.keys(manifest.scripts));
  const pages = readPages(root);
  if (pages.length === 0) return ['there are no pages: looked in the wrong place'];
  return pages.flatMap(({ path }) => pageComplaints(root, join(root, path), scripts));
}

/** Everything that is wrong with what stands in fences and code spans, with the words, and with generated pages. */
async function contentComplaints(root: string): Promise<string[]> {
  const pages = readPages(root);
  const each = pages.map(async (page) => {
    const found = [
      ...tableComplaints(page),
      ...codeComplaints(root, page),
      ...shellComplaints(root, page),
      ...(await configComplaints(page)),
    ];
    return found.map((complaint) => `${page.path}: ${complaint}`);
  });
  return [
    ...(await Promise.all(each)).flat(),
    ...typeComplaints(root, pages),
    ...wordComplaints(root, pages),
    ...generatedComplaint(root, 'docs/ERRORS.md', 'docs:errors', errorsPage()),
    ...generatedComplaint(root, 'docs/COST.md', 'docs:costs', costPage()),
    ...generatedComplaint(root, 'docs/METRICS.md', 'docs:metrics', metricsPage()),
    ...generatedComplaint(root, 'docs/decisions/README.md', 'docs:decisions', decisionsPage(root)),
  ];
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..');
  const complaints = [...documentComplaints(root), ...(await contentComplaints(root))];
  for (const line of complaints) console.error(line);
  process.exitCode = complaints.length > 0 ? 1 : 0;
}
