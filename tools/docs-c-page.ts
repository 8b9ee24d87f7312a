/**
 * Follows docs/clients/c.md like a newcomer, `npm run docs:c-page`: runs the page's own blocks in a clean clone of this
 * repository's last commit, and ends well once the game has lost its server and plays on another. Packages come from the
 * registry, as on the page. Two things differ: what is cloned, and the address, so that another `npm start` may run beside.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const ROOT = join(import.meta.dirname, '..');
const ADDRESS = '127.0.35.1';
/** What a newcomer may need for the whole page. */
const LIMIT_MS = 15 * 60_000;
const LOOK_EVERY_MS = 200;
const AFTER_A_CRASH = /^playing on (\S+)\n(?:.*\n)*lost \1\n(?:.*\n)*playing on (?!\1\n)\S+\n/m;

/** Blocks by the word behind their language: `sh setup`, `c game.c`. */
function blocksOf(page: string): Map<string, string> {
  const blocks = [...page.matchAll(/^```(?:sh|c) (\S+)\n([\s\S]*?)^```/gm)];
  return new Map(blocks.map(([, name = '', code = '']) => [name, code]));
}

class Newcomer {
  readonly #folder = mkdtempSync(join(tmpdir(), 'onedoor-page-'));
  readonly #blocks = blocksOf(readFileSync(join(ROOT, 'docs/clients/c.md'), 'utf8'));
  readonly #running: ChildProcess[] = [];
  readonly #endMs = performance.now() + LIMIT_MS;

  block(name: string): string {
    const code = this.#blocks.get(name);
    if (code === undefined) throw new Error(`docs/clients/c.md has no block "${name}"`);
    return code
      .replace(/git clone \S+/, `git clone --quiet ${ROOT} onedoor`)
      .replace('npm start', `npm start -- --json --bind ${ADDRESS}`)
      .replaceAll('127.0.0.1', ADDRESS);
  }

  get clone(): string {
    return join(this.#folder, 'onedoor');
  }

  /** Starts a block in a process group of its own; its output is shown. */
  start(name: string, cwd = this.clone): ChildProcess {
    const code = this.block(name);
    console.log(`--- ${name}\n${code.trimEnd()}`);
    const child = spawn('bash', ['-ec', code], { cwd, stdio: ['ignore', 'inherit', 'inherit'], detached: true });
    this.#running.push(child);
    return child;
  }

  async run(name: string, cwd?: string): Promise<void> {
    const child = this.start(name, cwd);
    const late = setTimeout(() => this.#kill(child), this.#endMs - performance.now());
    const [code] = (await once(child, 'exit')) as [number | null];
    clearTimeout(late);
    if (code !== 0) throw new Error(`block "${name}" ended with ${code}`);
  }

  async until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await isSo())) {
      if (performance.now() > this.#endMs) throw new Error(`still waiting for: ${what}`);
      await pause(LOOK_EVERY_MS);
    }
  }

  log(): string {
    const path = join(this.clone, 'game.log');
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  #kill(child: ChildProcess): void {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, 'SIGTERM');
  }

  async end(): Promise<void> {
    for (const child of this.#running.reverse()) {
      const over = child.exitCode !== null || child.signalCode !== null;
      this.#kill(child);
      if (!over) await once(child, 'exit');
    }
    rmSync(this.#folder, { recursive: true, maxRetries: 10, retryDelay: LOOK_EVERY_MS });
  }
}

async function isReady(): Promise<boolean> {
  const answer = await fetch(`http://${ADDRESS}:8080/v1/servers`).catch(() => undefined);
  if (!answer?.ok) return false;
  const { servers } = (await answer.json()) as { servers: { status: string }[] };
  return servers.filter(({ status }) => status === 'ready').length === 3;
}

const startedMs = performance.now();
const newcomer = new Newcomer();
try {
  await newcomer.run('setup', join(newcomer.clone, '..'));
  newcomer.start('start');
  writeFileSync(join(newcomer.clone, 'game.c'), newcomer.block('game.c'));
  await newcomer.run('build');
  await newcomer.until('three servers that are ready', isReady);
  newcomer.start('play');
  await newcomer.until('the first server', () => /^playing on /m.test(newcomer.log()));
  await newcomer.run('crash');
  await newcomer.until('another server', () => AFTER_A_CRASH.test(newcomer.log()));
  console.log(`\ndocs/clients/c.md works: ${Math.round((performance.now() - startedMs) / 1_000)} s from the clone on`);
} finally {
  await newcomer.end();
}
