/**
 * `npm run dev`: the local system from the sources as they are. A saved change is built and runs within 3 s: one of the
 * page alone is served to the browser at once, any other one starts the system anew on the same ports, with the same
 * address of the page. The browser loads a changed page by itself. Flags of `npm start` may follow after `--`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type FSWatcher, mkdtempSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { type BuildContext, context } from 'esbuild';
import type { LocalEvent } from '../local/events.ts';
import { bundleOptions, type Options, replace, writePage } from './build.ts';
import { PAGE_OPTIONS, toAssets } from './build-page.ts';

const ROOT = join(import.meta.dirname, '..');
const FOLDERS = ['adapters', 'agents', 'client', 'core', 'door', 'lambda', 'local', 'page'];
const PAGE = 'page/web/';
/** An editor writes a file in several steps. */
const SETTLE_MS = 30;

interface Builder {
  page(): Promise<void>;
  /** All programs, and the page that they carry. */
  all(): Promise<void>;
  stop(): Promise<void>;
}

/** Builds again only what has changed. Rejects where the sources do not build; esbuild has said why. */
async function createBuilder(): Promise<Builder> {
  const pages = await context(PAGE_OPTIONS);
  const look = async () => toAssets((await pages.rebuild()).outputFiles);
  let carried = JSON.stringify(await look());
  let programs: BuildContext<Options> = await context(bundleOptions(JSON.parse(carried)));
  return {
    page: async () => writePage(await look()),
    async all() {
      const page = await look();
      if (JSON.stringify(page) !== carried) {
        carried = JSON.stringify(page);
        await programs.dispose();
        programs = await context(bundleOptions(page));
      }
      for (const file of (await programs.rebuild()).outputFiles) replace(file);
      writePage(page);
    },
    async stop() {
      await Promise.all([pages.dispose(), programs.dispose()]);
    },
  };
}

interface System {
  /** Starts it, or starts it anew; resolves with what it says when it is ready. Rejects if it ends instead. */
  start(): Promise<Extract<LocalEvent, { event: 'ready' }>>;
  /** Has it serve the page that was built last; rejects where nothing runs. */
  renewPage(): Promise<void>;
  stop(): Promise<void>;
}

/** The local system in a group of processes of its own: it ends at once, with everything that it started. */
function createSystem(flags: readonly string[]): System {
  const workDir = mkdtempSync(join(tmpdir(), 'onedoor-dev-'));
  const ONEDOOR_PAGE_TOKEN = randomBytes(16).toString('base64url');
  const env = { ...process.env, TMPDIR: workDir, ONEDOOR_PAGE_TOKEN };
  let child: ChildProcess | undefined;
  const end = async (signal: NodeJS.Signals, pidOf: (pid: number) => number): Promise<void> => {
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    process.kill(pidOf(child.pid), signal);
    await exited;
  };
  return {
    async start() {
      await end('SIGKILL', (pid) => -pid);
      const script = join(ROOT, 'local/main.ts');
      child = spawn(process.execPath, [script, '--json', '--servers', '2', ...flags], {
        ...{ cwd: ROOT, env, detached: true, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] },
      });
      const started = child;
      return await new Promise((resolve, reject) => {
        createInterface({ input: started.stdout! }).on('line', (line) => {
          // The text of --help is no event.
          if (!line.startsWith('{')) return console.log(line);
          const event = JSON.parse(line) as LocalEvent;
          if (event.event === 'ready') resolve(event);
          else if (event.event === 'exited') console.log(`${event.process} has ended (${event.code})`);
        });
        started.once('exit', (code) =>
          reject(new Error(`the system has ended (${code}); it starts with the next change`)),
        );
      });
    },
    async renewPage() {
      if (!child?.connected) throw new Error('nothing runs; the system starts with the next change of a program');
      child.send('page');
      const ended = once(child, 'exit').then(() => {
        throw new Error('the system has ended; it starts with the next change of a program');
      });
      await Promise.race([once(child, 'message'), ended]);
    },
    async stop() {
      await end('SIGTERM', (pid) => pid);
      rmSync(workDir, { recursive: true, force: true });
    },
  };
}

/** @param onChange gets the path of each source that was saved, from the root */
function watchSources(onChange: (path: string) => void): readonly FSWatcher[] {
  const heard = (path: string): void => {
    if (/\.(ts|css|html)$/.test(path)) onChange(path);
  };
  const folders = FOLDERS.map((folder) =>
    watch(join(ROOT, folder), { recursive: true }, (_, name) => heard(`${folder}/${name}`)),
  );
  return [...folders, watch(ROOT, (_, name) => heard(`${name}`))];
}

async function main(): Promise<void> {
  const builder = await createBuilder();
  const system = createSystem(process.argv.slice(2));
  const changed = new Set<string>();
  let wake = (): void => {};
  let isOver = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      isOver = true;
      wake();
    });
  }
  let savedMs = 0;
  const watchers = watchSources((path) => {
    if (changed.size === 0) savedMs = performance.now();
    changed.add(path);
    wake();
  });
  await builder.all();
  try {
    const { page, door, api } = await system.start();
    console.log(`Onedoor runs from the sources. Door ${door}, API ${api}, page:\n  ${page}`);
  } catch (error) {
    console.log((error as Error).message);
  }
  console.log('Save a change and see; Ctrl-C ends.');
  while (!isOver) {
    if (changed.size === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      continue;
    }
    await delay(SETTLE_MS);
    const paths = [...changed];
    changed.clear();
    const what = paths.length === 1 ? paths[0] : `${paths[0]} and ${paths.length - 1} more`;
    const isPage = paths.every((path) => path.startsWith(PAGE));
    try {
      await (isPage ? builder.page() : builder.all());
      await (isPage ? system.renewPage() : system.start());
      console.log(`changed ${what} → ready again in ${((performance.now() - savedMs) / 1_000).toFixed(1)} s`);
    } catch (error) {
      console.log(`changed ${what}: ${(error as Error).message.split('\n')[0]}`);
    }
  }
  for (const watcher of watchers) watcher.close();
  await system.stop();
  await builder.stop();
}

if (import.meta.main) {
  await main().catch((error: Error) => {
    console.error(error.message.split('\n')[0]);
    process.exit(1);
  });
  process.exit(0);
}
