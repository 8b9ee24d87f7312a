/**
 * What a program started, however deep: also processes that went into a group or a session of their own, or whose
 * parent is over. Reads /proc, so it sees nothing where that is missing (anything but Linux).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

export interface Process {
  readonly pid: number;
  /** Process group. */
  readonly group: number;
  readonly command: string;
}

interface Seen extends Process {
  readonly parent: number;
  readonly session: number;
  /** Clock ticks since the machine started: tells a process from a later one with the same id. */
  readonly started: string;
}

export interface ProcessTree {
  /** Process group of the root. */
  readonly group: number | undefined;
  /** Everything below the root that lives now, the root itself not included. */
  living(): Process[];
  /** Ends all of it with SIGKILL; resolves when nothing is left. */
  kill(): Promise<void>;
  /** Stops looking. */
  close(): void;
}

/** A process that starts and loses its parent between two looks goes unseen, unless it stays in a known session. */
const LOOK_MS = 500;

/** proc(5): pid (name) state parent group session … started; the name may hold spaces and brackets. */
function readProcess(pid: string): Seen | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, parent, group, session] = fields;
    if (state === 'Z' || state === 'X') return undefined;
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
    const command = words.length > 0 ? words.join(' ') : stat.slice(stat.indexOf('('), stat.lastIndexOf(')') + 1);
    return {
      pid: Number(pid),
      group: Number(group),
      command,
      parent: Number(parent),
      session: Number(session),
      started: fields[19] ?? '',
    };
  } catch {
    // It ended meanwhile.
    return undefined;
  }
}

function allProcesses(): Seen[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => readProcess(pid) ?? []);
  } catch {
    return [];
  }
}

/** Follows what `root` starts from now on. */
export function followTree(root: number): ProcessTree {
  const known = new Map<number, string>();
  function look(): Seen[] {
    const all = allProcesses();
    const isKnown = ({ pid, started }: Seen): boolean => known.get(pid) === started;
    // Ids of the dead stay known: their children keep their session, and come to light by it.
    const belongs = ({ pid, parent, session }: Seen): boolean =>
      pid !== root && (parent === root || known.has(parent) || (session !== root && known.has(session)));
    for (let size = -1; size !== known.size; ) {
      size = known.size;
      for (const process of all) if (!isKnown(process) && belongs(process)) known.set(process.pid, process.started);
    }
    return all.filter(isKnown);
  }
  const timer = setInterval(look, LOOK_MS).unref();
  return {
    group: readProcess(String(root))?.group,
    living: look,
    async kill() {
      for (let left = look(); left.length > 0; left = look()) {
        for (const { pid } of left) killOne(pid);
        await delay(20);
      }
    },
    close: () => clearInterval(timer),
  };
}

function killOne(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

/** For people: `4711 node server.ts`, one line each, long command lines cut. */
export function describeProcesses(processes: readonly Process[]): string {
  return processes.map(({ pid, command }) => `  ${pid} ${command.slice(0, 160)}`).join('\n');
}
