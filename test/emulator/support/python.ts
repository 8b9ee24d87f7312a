import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Env, run } from './commands.ts';
import { CACHE } from './lane.ts';

/** Name of the file that says with what an environment was made; written last, so a broken one is made anew. */
const STAMP = 'onedoor-packages.txt';

/** The first of `names` that runs, can make environments and fulfils `version`. */
export function findPython(names: readonly string[], version: RegExp): string | undefined {
  const script = 'import ensurepip, sys, venv; print("%d.%d" % sys.version_info[:2], end="")';
  return names.find((name) => {
    try {
      return version.test(
        execFileSync(name, ['-c', script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
      );
    } catch {
      return false;
    }
  });
}

/** Makes .cache/<name> once, with these packages of exact versions, and gives the path of its Python. */
export async function virtualEnvironment(
  python: string,
  name: string,
  packages: readonly string[],
  logPath: string,
): Promise<string> {
  const folder = join(CACHE, name);
  const stamp = join(folder, STAMP);
  const wanted = [python, ...packages].join('\n');
  const own = join(folder, 'bin/python');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return own;
  rmSync(folder, { recursive: true, force: true });
  console.log(`     installing ${packages.join(' ')} into .cache/${name}, once`);
  const env: Env = pipSettings();
  await run([python, '-m', 'venv', folder], { env, logPath });
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input', ...packages];
  await run([own, ...install], { env, logPath });
  writeFileSync(stamp, wanted);
  return own;
}

/** What the person has told pip by the environment: an index of their own, a proxy. */
function pipSettings(): Env {
  const names = Object.keys(process.env).filter((name) => /^(PIP_|https?_proxy$|no_proxy$|SSL_CERT)/i.test(name));
  return Object.fromEntries(names.map((name) => [name, process.env[name] ?? '']));
}
