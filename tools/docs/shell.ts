/**
 * Commands in pages: blocks of shell are shell, scripts and files that they name are there, and the flags of Onedoor's own
 * programs are read by these programs' own parsers. Nothing is run.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { parseAgentOptions } from '../../agents/options.ts';
import { createProgram } from '../../cli/program.ts';
import { parseLocalOptions } from '../../local/options.ts';
import type { Fence, Page } from './pages.ts';
import { routeComplaint } from './routes.ts';

/** Words for the reader to fill in: what they stand for is the program's own business. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  ADDRESS: '203.0.113.10',
  SERVER: 'srv-01.0',
  MACHINE: 'm1',
  N: '20',
  S: '60',
};

/** Text may name a command without all that it wants. */
const INCOMPLETE = /missing required argument|required option .* not specified/;

function quiet(command: Command): void {
  command.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
  // In place of what the command would do.
  command.action(() => {});
  for (const each of command.commands) quiet(each as Command);
}

function cliComplaint(words: readonly string[]): string | undefined {
  const program = createProgram({
    context: () => {
      throw new Error('nothing runs here');
    },
    ended: () => {},
  });
  for (const command of program.commands) quiet(command as Command);
  program.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
  return complaintOf(() => program.parse([...words], { from: 'user' }));
}

function complaintOf(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    // Help and version end with 0.
    if ((error as { exitCode?: number }).exitCode === 0) return undefined;
    return (error as Error).message.replaceAll('\n', ' ');
  }
}

type Reader = (words: readonly string[]) => string | undefined;

/** Scripts whose flags can be read without doing anything. */
const SCRIPT_FLAGS: Readonly<Record<string, Reader>> = {
  probe: (words) => cliComplaint(['probe', ...words]),
  enrol: (words) => cliComplaint(['enrol', ...words]),
  start: (words) => complaintOf(() => parseLocalOptions(words, () => {})),
  agent: (words) => complaintOf(() => parseAgentOptions(words, { ONEDOOR_TABLE: 'registry' }, () => {})),
};

/** Every long flag must be named somewhere in the folder of the program that gets it. */
function flagComplaint(root: string, file: string, words: readonly string[]): string | undefined {
  if (!existsSync(join(root, file))) return `${file} is not there`;
  const folder = dirname(file);
  const sources = globSync(`${folder}/**/*.{ts,sh,mjs,py}`, { cwd: root }).map((path) =>
    readFileSync(join(root, path), 'utf8'),
  );
  const flags = words.filter((word) => word.startsWith('--')).map((word) => word.slice(2).split('=')[0] ?? '');
  const known = (flag: string): boolean =>
    sources.some((source) => new RegExp(`(--|['"\`]|\\b)${flag}(['"\`]?:|['"\`]| <)`).test(source));
  const unknown = flags.find((flag) => flag !== 'help' && !known(flag));
  return unknown === undefined ? undefined : `${file} knows no --${unknown}`;
}

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
}

function scriptComplaint(
  root: string,
  { scripts }: Manifest,
  name: string,
  rest: readonly string[],
): string | undefined {
  const script = scripts[name];
  if (script === undefined) return `npm run ${name}: no such script`;
  const words = rest[0] === '--' ? rest.slice(1) : [];
  if (rest.length > 0 && rest[0] !== '--' && rest.some((word) => word.startsWith('-'))) {
    return `npm run ${name}: flags go behind --`;
  }
  const reader = SCRIPT_FLAGS[name];
  // A bare name speaks of the command and calls nothing.
  if (reader && words.length > 0) return prefixed(`npm run ${name}`, reader(words));
  const [, file] = /(?:exec )?node (?:--\S+ )*(\S+\.ts)$/.exec(script) ?? [];
  return file === undefined ? undefined : prefixed(`npm run ${name}`, flagComplaint(root, file, words));
}

function prefixed(what: string, complaint: string | undefined): string | undefined {
  return complaint === undefined ? undefined : `${what}: ${complaint}`;
}

/** One simple command as words, quotes off. Variables and placeholders get a value that programs take. */
function wordsOf(command: string): string[] {
  const words = command.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [];
  return words
    .map((word) => word.replaceAll(/^(["'])(.*)\1$/g, '$2'))
    .map((word) => word.replace(/^([A-Z]+)(?=:|$)/, (name) => PLACEHOLDERS[name] ?? name));
}

function commandComplaint(root: string, manifest: Manifest, command: string): string | undefined {
  const all = wordsOf(command);
  const [program = '', first = '', ...rest] = all.slice(
    all.findIndex((word) => !/^(\w+=.*|sudo|exec|time)$/.test(word)),
  );
  if (program === 'npm' && first === 'run') {
    const [name = '', ...words] = rest[0]?.startsWith('-') ? rest.slice(1) : rest;
    return scriptComplaint(root, manifest, name, words);
  }
  if (program === 'npm' && ['start', 'test'].includes(first)) return scriptComplaint(root, manifest, first, rest);
  if (program === 'npx' && first === 'onedoor' && rest.length > 0) return prefixed('npx onedoor', cliComplaint(rest));
  if (program === 'node' && /^[\w./-]+\.ts$/.test(first) && first.includes('/'))
    return flagComplaint(root, first, rest);
  if (/^[\w.-]+\/[\w./-]+\.(sh|ts|py)$/.test(program)) return flagComplaint(root, program, [first, ...rest]);
  if (program === 'curl') return routeComplaint(root, [first, ...rest]);
  return undefined;
}

/** The simple commands of a block: lines joined at backslashes, comments off, split at && || | ; & and substitutions. */
function commandsOf(code: string): string[] {
  return code
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .map((line) => line.replace(/(^|\s)#\s.*$/, ''))
    .flatMap((line) => splitOutsideQuotes(line))
    .map((command) =>
      command
        .replace(/^(do|then|else|if|while|until|\{|\()\s+/, '')
        .replace(/\s+&?>+\s*\S+$/, '')
        .trim(),
    )
    .filter((command) => command !== '');
}

function splitOutsideQuotes(line: string): string[] {
  return (line.match(/(?:"[^"]*"|'[^']*'|[^"'|&;])+/g) ?? []).map((part) => part.trim());
}

function blockComplaints(root: string, manifest: Manifest, fence: Fence): string[] {
  const { status, stderr } = spawnSync('bash', ['-n'], { input: fence.code, encoding: 'utf8' });
  if (status !== 0) return [`is no shell: ${stderr.trim()}`];
  return commandsOf(fence.code).flatMap((command) => commandComplaint(root, manifest, command) ?? []);
}

/** What is wrong with the commands of a page: in blocks of shell, behind the `$` of printed sessions, and in code spans. */
export function shellComplaints(root: string, page: Page): string[] {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
  const inBlocks = page.fences
    .filter(({ language }) => language === 'sh')
    .flatMap((fence) => blockComplaints(root, manifest, fence).map((complaint) => `line ${fence.line}: ${complaint}`));
  const sessions = page.fences
    .filter(({ language }) => language === 'text')
    .flatMap(({ code }) => [...code.matchAll(/^\$ (.*?)(?:\s{2,}.*)?$/gm)].map(([, command = '']) => command));
  // A span may be a form (`npx onedoor <command>`, `npm run bench -- …`) rather than a command.
  const spans = page.spans.filter((span) => /^(npm|npx|node) /.test(span) && !/[<>…[\]*]|\.\.\./.test(span));
  const others = [...sessions, ...spans]
    .flatMap((text) => commandsOf(text))
    .flatMap((command) => commandComplaint(root, manifest, command) ?? [])
    .filter((complaint) => !INCOMPLETE.test(complaint));
  return [...inBlocks, ...others];
}
