/** Other people's programs for the benches, by the ordinary package clients, in `.cache/peers/` of this repository. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const CACHE = join(import.meta.dirname, '../../.cache/peers');

/** A step that was done once is not done again; what it prints goes to this program's standard error. */
function once(
  folder: string,
  version: string,
  make: (run: (command: string, ...args: string[]) => void) => void,
): void {
  const mark = join(folder, `.made-${version.replaceAll(/[^\w.-]/g, '_')}`);
  if (existsSync(mark)) return;
  mkdirSync(folder, { recursive: true });
  make((command, ...args) => void execFileSync(command, args, { cwd: folder, stdio: ['ignore', 2, 2] }));
  writeFileSync(mark, '');
}

/** Compiles a Go program of bench/peers/<name>/ with one module at `version`; gives its path. */
export function goProgram(name: string, module: string, version: string): string {
  const folder = join(CACHE, name);
  const program = join(folder, name);
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(import.meta.dirname, name, 'main.go'), join(folder, 'main.go'));
  once(folder, version, (run) => {
    if (!existsSync(join(folder, 'go.mod'))) run('go', 'mod', 'init', `bench/${name}`);
    run('go', 'get', `${module}@${version}`);
  });
  execFileSync('go', ['build', '-o', program, '.'], { cwd: folder, stdio: ['ignore', 2, 2] });
  return program;
}

/** Installs npm packages, `name@version` each, beside a copy of bench/peers/<name>/<file>; gives that copy's path. */
export function nodeProgram(name: string, file: string, packages: readonly string[]): string {
  const folder = join(CACHE, name);
  once(folder, packages.join(), (run) => {
    writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}\n');
    run('npm', 'install', '--no-audit', '--no-fund', '--save-exact', ...packages);
  });
  copyFileSync(join(import.meta.dirname, name, file), join(folder, file));
  return join(folder, file);
}
