import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { retry } from '../../../tools/retry.ts';
import { runWithin } from '../../../tools/run-within.ts';
import { CACHE, ROOT } from './lane.ts';

/** A Python of this machine that can make environments. */
export interface Python {
  readonly program: string;
  /** `3.13` */
  readonly version: string;
}

/** An emulator's packages, and the versions of Python that they were tried with, the best first. */
export interface Edition {
  /** For people. */
  readonly name: string;
  /** File under test/emulator/ with each package in its exact version: tomorrow's versions break nothing here. */
  readonly list: string;
  readonly pythons: readonly string[];
}

/** Name of the file that says with what an environment was made; written last, so a broken one is made anew. */
const STAMP = 'onedoor-packages.txt';
/** For one try to install: several times what the largest emulator takes. */
const INSTALL_MS = 240_000;

/** Where a Python may be: on the path under these names, or put beside the system's by pyenv. */
function candidates(): string[] {
  const pyenv = process.env['PYENV_ROOT'] ?? join(process.env['HOME'] ?? '/nonexistent', '.pyenv');
  return [
    ...['python3', 'python3.13', 'python3.12', 'python3.11'],
    ...globSync(join(pyenv, 'versions/3.1[1-9]*/bin/python3')).sort(),
  ];
}

function look(program: string): Python | undefined {
  const script = 'import ensurepip, sys, venv; print("%d.%d" % sys.version_info[:2], end="")';
  try {
    const version = execFileSync(program, ['-c', script], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 20_000,
    });
    return { program, version };
  } catch {
    return undefined;
  }
}

/** The first edition for which this machine has a Python, with that Python. */
export function choosePython(
  editions: readonly Edition[],
  names: readonly string[] = candidates(),
): { readonly python: Python; readonly edition: Edition } | undefined {
  const seen = new Map<string, Python | undefined>();
  const lookOnce = (name: string): Python | undefined => {
    if (!seen.has(name)) seen.set(name, look(name));
    return seen.get(name);
  };
  for (const edition of editions) {
    for (const version of edition.pythons) {
      const name = names.find((one) => lookOnce(one)?.version === version);
      const python = name === undefined ? undefined : lookOnce(name);
      if (python) return { python, edition };
    }
  }
  return undefined;
}

/** Makes .cache/<name> once, with the packages of the list, and gives the path of its Python. */
export async function virtualEnvironment(
  { python, edition }: { readonly python: Python; readonly edition: Edition },
  name: string,
): Promise<string> {
  const folder = join(CACHE, name);
  const stamp = join(folder, STAMP);
  const list = join(ROOT, 'test/emulator', edition.list);
  const wanted = [python.program, python.version, readFileSync(list, 'utf8')].join('\n');
  const own = join(folder, 'bin/python');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return own;
  console.log(`     installing ${edition.name} for Python ${python.version} into .cache/${name}, once`);
  await retry(`the installation of ${edition.name}`, async () => {
    rmSync(folder, { recursive: true, force: true });
    await finish([python.program, '-m', 'venv', folder]);
    // What is never imported need not be compiled: that is half of the time.
    const settings = ['--quiet', '--disable-pip-version-check', '--no-input', '--no-deps', '--no-compile'];
    await finish([own, '-m', 'pip', 'install', ...settings, '--retries', '3', '--timeout', '20', '-r', list]);
  });
  writeFileSync(stamp, wanted);
  return own;
}

/** Compiled modules go to the environment's folder, those of launchers too. */
export function pycacheOf(name: string): string {
  return join(CACHE, name, 'pycache');
}

async function finish(command: readonly string[]): Promise<void> {
  const { code, output, late } = await runWithin(command, { limitMs: INSTALL_MS, graceMs: 2_000 });
  if (late) throw new Error(`${command.join(' ')} took longer than ${INSTALL_MS / 1000} s`);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${output.trim().slice(-1_000)}`);
}
