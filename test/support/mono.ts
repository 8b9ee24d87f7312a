import { execFile, spawnSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');
const run = promisify(execFile);
/** The language of the client's sources, and warnings that end the compilation. */
const STRICT = ['-langversion:6', '-warn:4', '-warnaserror+'];

/** Undefined if Mono is there; else what to say. */
export function missingMono(): string | undefined {
  const lacks = ['mcs', 'mono'].some((command) => spawnSync(command, ['--version']).error);
  return lacks ? 'Mono is not installed: apt-get install mono-mcs mono-runtime' : undefined;
}

export interface AssemblyFolder {
  readonly path: string;
  remove(): void;
}

/** A folder for compiled programs. */
export function assemblyFolder(): AssemblyFolder {
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  const path = mkdtempSync(join(ROOT, '.cache/csharp-'));
  return { path, remove: () => rmSync(path, { recursive: true }) };
}

export function clientSources(): readonly string[] {
  return globSync('client/csharp/**/*.cs', { cwd: ROOT }).map((file) => join(ROOT, file));
}

/** @param flags of mcs; rejects with what the compiler says, warnings included */
export async function compile(sources: readonly string[], output: string, flags: readonly string[]): Promise<void> {
  const { stdout, stderr } = await run('mcs', [...STRICT, ...flags, `-out:${output}`, ...sources]);
  if (stdout + stderr !== '') throw new Error(stdout + stderr);
}

/** The client as a library; every public name must have a comment. */
export async function compileClient(folder: string): Promise<string> {
  const library = join(folder, 'Onedoor.dll');
  await compile(clientSources(), library, ['-target:library', `-doc:${join(folder, 'Onedoor.xml')}`]);
  return library;
}

/** What a program printed, and the code that it ended with. */
export async function runMono(
  program: string,
  args: readonly string[],
): Promise<{ readonly code: number; readonly lines: readonly string[] }> {
  const { code, stdout, stderr } = await run('mono', [program, ...args], { maxBuffer: 2 ** 26 }).then(
    (output) => ({ code: 0, ...output }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
  return { code, lines: `${stdout}${stderr}`.trimEnd().split('\n') };
}
