/**
 * Follows README.md like a newcomer, `npm run docs:follow`: runs the page's own blocks `sh start` and `sh emulator` in a
 * clean clone of this repository's last commit, line by line, and ends well once an assignment has come from the local
 * system and one from the stack on the emulator. Prints how long each took. Packages come from the registries, as on the
 * page; the ports that the page names must be free.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describeProcesses, followTree } from './process-tree.ts';

const ROOT = join(import.meta.dirname, '..');
/** For one line, downloads included. */
const LIMIT_MS = 10 * 60_000;
const AGAIN_MS = 500;
const STOP_MS = 20_000;
/** What goes on until somebody stops it: the page says so, and the next line is for another terminal. */
const STAYS = /npm (start|run emulator)$/;

/** Nothing of the run that this program is part of: a newcomer's shell has neither our packages nor an account. */
function freshEnvironment(): NodeJS.ProcessEnv {
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
  const others = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|AWS_|ONEDOOR_|NODE)/i.test(name) || name === 'npm_config_registry',
  );
  return { ...Object.fromEntries(others), PATH: path.join(delimiter) };
}

function linesOf(name: string): string[] {
  const page = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const [, code] = new RegExp(`^\`\`\`sh ${name}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(page) ?? [];
  if (code === undefined) throw new Error(`README.md has no block "sh ${name}"`);
  const lines = code.split('\n').map((line) => line.replace(/\s+#.*$/, '').trim());
  return lines.filter((line) => line !== '');
}

interface Run {
  readonly child: ChildProcess;
  readonly output: () => string;
}

class Newcomer {
  readonly #folder = mkdtempSync(join(tmpdir(), 'onedoor-readme-'));
  readonly #running: Run[] = [];

  #run(line: string, cwd = join(this.#folder, 'onedoor')): Run {
    const child = spawn('bash', ['-c', line], {
      cwd,
      env: freshEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const chunks: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
    return { child, output: () => Buffer.concat(chunks).toString().slice(-3_000) };
  }

  async clone(): Promise<void> {
    const { child, output } = this.#run(`git clone --quiet ${ROOT} onedoor`, this.#folder);
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code !== 0) throw new Error(output());
  }

  /** A line that ends is tried until it goes well: what it needs may still be starting in the other terminal. */
  async line(line: string): Promise<void> {
    const startedMs = performance.now();
    if (STAYS.test(line)) {
      this.#running.push(this.#run(line));
      console.log(`           ${line} &`);
      return;
    }
    for (;;) {
      const { child, output } = this.#run(line);
      const [code] = (await Promise.race([once(child, 'exit'), pause(LIMIT_MS, ['late'], { ref: false })])) as [
        unknown,
      ];
      if (code === 0) break;
      const dead = this.#running.find((run) => run.child.exitCode !== null);
      if (dead) throw new Error(`it ended before \`${line}\` went well:\n${dead.output()}`);
      if (performance.now() - startedMs > LIMIT_MS) throw new Error(`\`${line}\` never went well:\n${output()}`);
      await pause(AGAIN_MS);
    }
    console.log(`${((performance.now() - startedMs) / 1000).toFixed(1).padStart(7)} s  ${line}`);
  }

  /** Ctrl-C in every terminal. */
  async stop(): Promise<void> {
    for (const { child } of this.#running.splice(0)) {
      const ended = child.exitCode === null ? once(child, 'exit') : undefined;
      if (ended) process.kill(-(child.pid ?? 0), 'SIGINT');
      await Promise.race([ended, pause(STOP_MS, undefined, { ref: false })]);
    }
  }

  forget(): void {
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function follow(name: string, what: string, newcomer: Newcomer): Promise<void> {
  const startedMs = performance.now();
  for (const line of linesOf(name)) await newcomer.line(line);
  console.log(`${what}: ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`);
  await newcomer.stop();
}

const tree = followTree(process.pid);
const newcomer = new Newcomer();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    void tree.kill().then(() => {
      newcomer.forget();
      process.exit(130);
    });
  });
}
try {
  await newcomer.clone();
  await follow('start', 'a clean clone to an assigned client', newcomer);
  await follow('emulator', 'the same clone to a deployed stack on the emulator that assigns', newcomer);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
} finally {
  await newcomer.stop();
  const left = tree.living();
  if (left.length > 0) console.error(`left running, and ended now:\n${describeProcesses(left)}`);
  await tree.kill();
  newcomer.forget();
}
process.exit();
