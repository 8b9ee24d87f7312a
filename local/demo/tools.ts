import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { UsageError } from '../../adapters/cli/flags.ts';

/** Programs that the demo needs, by what they are for. */
const NEEDED = {
  bzfs: { names: ['bzfs'], packages: ['bzflag-server'] },
  bzadmin: { names: ['bzadmin'], packages: ['bzflag-server'] },
  teeworlds: { names: ['teeworlds-server'], packages: ['teeworlds-server'] },
  mumble: { names: ['murmurd', 'mumble-server'], packages: ['mumble-server'] },
  python: { names: ['python3'], packages: ['python3'] },
  // gcc alone comes without the headers.
  cc: { names: ['cc', 'gcc', 'clang', 'tcc'], packages: ['gcc', 'libc6-dev'] },
} as const;

/** Paths of the programs. */
export type Tools = Readonly<Record<keyof typeof NEEDED, string>>;

/** Debian keeps games and daemons out of the usual path. */
const USUAL_PATH = `${process.env['PATH'] ?? ''}:/usr/games:/usr/sbin`;

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function installHint(packages: readonly string[]): string {
  const sudo = process.getuid?.() === 0 ? '' : 'sudo ';
  return `${sudo}apt-get install -y --no-install-recommends ${[...new Set(packages)].join(' ')}`;
}

/**
 * Finds all programs.
 * @param path directories as in PATH
 * @throws UsageError with one line: what is missing, and the one command that installs it
 */
export function findTools(path = USUAL_PATH): Tools {
  const directories = path.split(':').filter(Boolean);
  const found: Record<string, string> = {};
  const missing: (typeof NEEDED)[keyof typeof NEEDED][] = [];
  for (const [use, needed] of Object.entries(NEEDED)) {
    const candidates = needed.names.flatMap((name) => directories.map((directory) => join(directory, name)));
    const program = candidates.find(isProgram);
    if (program) found[use] = program;
    else missing.push(needed);
  }
  if (missing.length === 0) return found as Record<keyof Tools, string>;
  const names = missing.map(({ names: [first] }) => first).join(', ');
  throw new UsageError(`missing: ${names}; install: ${installHint(missing.flatMap(({ packages }) => packages))}`);
}

/**
 * Compiles the client of a few lines of C.
 * @throws UsageError if the compiler has no headers or is broken
 */
export async function compileProbe({ cc }: Tools, outDir: string): Promise<string> {
  const program = join(outDir, 'probe');
  try {
    // Its own files go where everything of the demo is.
    const env = { ...process.env, TMPDIR: outDir };
    await promisify(execFile)(cc, ['-o', program, join(import.meta.dirname, 'probe.c')], { env });
  } catch (error) {
    const lines = ((error as { stderr?: string }).stderr || String(error)).trim().split('\n');
    const why = lines.find((line) => line.includes('error')) ?? lines[0];
    throw new UsageError(`${cc} cannot compile: ${why}; install: ${installHint(NEEDED.cc.packages)}`);
  }
  return program;
}
