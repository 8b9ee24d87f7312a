import { type ChildProcess, fork } from 'node:child_process';
import type { HttpHandler } from '../adapters/http/types.ts';
import type { createLogger } from '../adapters/system/logger.ts';
import type { DoorOptions } from './options.ts';

/**
 * Several processes that share one port, each a whole gateway to clients and to the registry: the first one starts the
 * others, has the health port, and ends them (docs/DOORS.md, "Several processes").
 */
export interface Siblings {
  /** What they said last, those of them that live. */
  facts(): readonly SiblingFacts[];
  stop(): Promise<void>;
}

export interface SiblingFacts {
  readonly pid: number;
  /** `starting` until it has said something. */
  readonly status: string;
  readonly counters: Readonly<Record<string, number>>;
}

type Said = Omit<SiblingFacts, 'pid'>;

interface Sibling {
  readonly child: ChildProcess;
  said: Said;
  heardAtMs: number;
}

const MARK = 'ONEDOOR_SIBLING';
const SAY_MS = 1_000;
const LOOK_MS = 1_000;
/** One that is silent for so long is ended; it had time to start. */
const SILENT_MS = 15_000;
const STARTING: Said = { status: 'starting', counters: {} };

/** True in a process that another one has started. */
export function isSibling(env: Readonly<Record<string, string | undefined>>): boolean {
  return env[MARK] !== undefined;
}

/** What differs in a sibling: its health is the first one's to tell, and nobody comes to it who must be sent away. */
export function asSibling({ page: _, metricsLog: __, ...options }: DoorOptions): DoorOptions {
  return { ...options, healthBind: '127.0.0.1', healthPort: 0, stopMs: 0 };
}

/** Starts `count` more of this program with the same arguments, and each again when it ends. */
export function startSiblings(count: number, log: Pick<ReturnType<typeof createLogger>, 'warn'>): Siblings {
  // What the service manager asks is the first one's to answer.
  const { NOTIFY_SOCKET: _, ...env } = process.env;
  const start = (): Sibling => {
    const child = fork(process.argv[1] as string, process.argv.slice(2), { env: { ...env, [MARK]: '1' } });
    const sibling: Sibling = { child, said: STARTING, heardAtMs: performance.now() };
    child.on('message', (said) => {
      sibling.said = said as Said;
      sibling.heardAtMs = performance.now();
    });
    child.on('error', (err) => log.warn({ err }, 'a sibling cannot be started'));
    return sibling;
  };
  const all = Array.from({ length: count }, start);
  const isGone = ({ child }: Sibling): boolean => child.exitCode !== null || child.signalCode !== null;
  const looking = setInterval(() => {
    for (const [at, sibling] of all.entries()) {
      if (isGone(sibling)) {
        log.warn(
          { code: sibling.child.exitCode, signal: sibling.child.signalCode },
          'a sibling ended; it is started again',
        );
        all[at] = start();
      } else if (performance.now() - sibling.heardAtMs > SILENT_MS) sibling.child.kill('SIGKILL');
    }
  }, LOOK_MS);
  return {
    facts: () => all.flatMap(({ child, said }) => (child.pid === undefined ? [] : [{ pid: child.pid, ...said }])),
    async stop() {
      clearInterval(looking);
      const living = all.filter((sibling) => !isGone(sibling));
      const ended = living.map(({ child }) => new Promise((resolve) => child.once('exit', resolve)));
      for (const { child } of living) child.disconnect();
      await Promise.all(ended);
    },
  };
}

/** In a sibling: tells the first one of itself each second, and ends when that one lets go of it or is gone. */
export function sayToFirst(health: HttpHandler, stop: () => void): void {
  const say = async (): Promise<void> => {
    const { body } = await health({ method: 'GET', path: '/healthz', headers: {}, sourceAddress: '' });
    const { status, counters } = JSON.parse(String(body)) as Said;
    if (process.connected) process.send?.({ status, counters } satisfies Said);
  };
  // A service manager tells all processes at once; the first one says when.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => {});
  const timer = setInterval(() => void say(), SAY_MS);
  process.once('disconnect', () => {
    clearInterval(timer);
    stop();
  });
}
