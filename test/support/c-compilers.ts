import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');
const WARNINGS = ['-Wall', '-Wextra', '-Wpedantic', '-Werror'];
const INCLUDE = ['-I', join(ROOT, 'client/c')];

/** A compiler that the header has to pass without a warning, and the command that installs it. */
export interface Compiler {
  readonly command: string;
  readonly language: 'c' | 'c++';
  readonly install: string;
  readonly libraries?: readonly string[];
}

export const GCC: Compiler = { command: 'gcc', language: 'c', install: 'apt-get install gcc' };

export const COMPILERS: readonly Compiler[] = [
  GCC,
  { command: 'g++', language: 'c++', install: 'apt-get install g++' },
  { command: 'clang', language: 'c', install: 'apt-get install clang' },
  { command: 'tcc', language: 'c', install: 'apt-get install tcc' },
  mingw('gcc', 'c'),
  mingw('g++', 'c++'),
];

function mingw(command: string, language: 'c' | 'c++'): Compiler {
  const install = `apt-get install ${command}-mingw-w64-x86-64`;
  return { command: `x86_64-w64-mingw32-${command}`, language, install, libraries: ['-lws2_32'] };
}

/** Undefined if it is there; else what to say. */
export function missing({ command, install }: Compiler): string | undefined {
  return spawnSync(command, ['-v']).error ? `${command} is not installed: ${install}` : undefined;
}

/** A folder for compiled programs. */
export function programFolder(): { readonly path: string; remove(): void } {
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  const path = mkdtempSync(join(ROOT, '.cache/c-'));
  return { path, remove: () => rmSync(path, { recursive: true }) };
}

/** Compiles `source` (from the repository's root) to `output`; rejects with what the compiler says, warnings included. */
export async function compile(
  { command, language, libraries = [] }: Compiler,
  source: string,
  output: string,
  flags: readonly string[] = [],
): Promise<void> {
  const kind = language === 'c' ? ['-std=c99'] : ['-std=c++11', '-x', 'c++'];
  const file = join(ROOT, source);
  const reset = language === 'c' ? [] : ['-x', 'none'];
  const args = [...kind, ...WARNINGS, ...INCLUDE, ...flags, file, ...reset, '-o', output, ...libraries];
  const { stdout, stderr } = await promisify(execFile)(command, args);
  if (stdout + stderr !== '') throw new Error(stdout + stderr);
}

/** Faults of memory and undefined behaviour end the program. */
export const SANITIZED = ['-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
