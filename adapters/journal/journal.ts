import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../../core/errors.ts';
import { takeLock } from './process-lock.ts';

export interface JournalOptions<Entry> {
  /** Made, for this user alone, if it is not there. A directory of a file system in memory: docs/AGENT.md. */
  readonly dir: string;
  /** What the journal is of; any text. */
  readonly name: string;
  /** The entry of a line; undefined for one that this version does not know: it is skipped. `newer`: it must not be. */
  readonly parse: (line: string) => Entry | 'newer' | undefined;
}

export interface Journal<Entry> {
  /** What was in it when it was opened, in order. */
  readonly entries: readonly Entry[];
  /** A line in its middle could not be read, or is of a later version that must not be overlooked: what it said is unknown, so `entries` is empty. */
  readonly isDamaged: boolean;
  /**
   * Appends entries; they are in the file when this returns, so they survive this process. Not synced to a disk: the
   * journal is to outlive the process, not the machine.
   * @throws the system's error; then none of the entries is in the file
   */
  append(entries: readonly Entry[]): void;
  /** True once the file has grown to several times what the last rewrite left: give `rewrite` the shortest journal. */
  isLong(): boolean;
  /** Replaces everything at once: after a crash the file is either the old or the new one. */
  rewrite(entries: readonly Entry[]): void;
  close(): Promise<void>;
}

/** Below this a journal is not worth rewriting. */
const SHORT_BYTES = 256 * 1024;
const GROWTH = 4;
const PRIVATE_DIR = 0o700;
const PRIVATE_FILE = 0o600;
/** Appending also after a rewrite: a failed write that is cut off again must leave no hole. */
const FRESH = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_APPEND;

/**
 * Opens the journal `name` for this process alone.
 * @throws ConfigError if another process has it, or if the directory is not this user's
 */
export async function openJournal<Entry>(options: JournalOptions<Entry>): Promise<Journal<Entry>> {
  const dir = privateDir(options.dir);
  const path = join(dir, `${encodeURIComponent(options.name)}.journal`);
  const lock = await takeLock(path, dir);
  if (!lock) throw new ConfigError([`\`${options.name}\` must be served by one agent, got: a second one (${path}).`]);
  const read = readJournal(path, options.parse);
  // A torn last line goes when the caller rewrites, and is cut off here until then. By its name: Windows shortens no file
  // through a descriptor that may only append.
  truncateSync(path, read.goodBytes);
  let fd = openSync(path, 'a', PRIVATE_FILE);
  let size = read.goodBytes;
  let longFrom = Math.max(SHORT_BYTES, size * GROWTH);

  return {
    entries: read.entries,
    isDamaged: read.isDamaged,
    append(entries) {
      if (entries.length === 0) return;
      const bytes = toLines(entries);
      try {
        if (writeSync(fd, bytes) !== bytes.length) throw new Error(`${path}: no room`);
        size += bytes.length;
      } catch (error) {
        truncateSync(path, size);
        throw error;
      }
    },
    isLong: () => size >= longFrom,
    rewrite(entries) {
      const fresh = openSync(`${path}.new`, FRESH, PRIVATE_FILE);
      const bytes = toLines(entries);
      try {
        if (writeSync(fresh, bytes) !== bytes.length) throw new Error(`${path}.new: no room`);
      } finally {
        closeSync(fresh);
      }
      // Windows replaces no file that is open.
      closeSync(fd);
      try {
        renameSync(`${path}.new`, path);
        size = bytes.length;
        longFrom = Math.max(SHORT_BYTES, size * GROWTH);
      } finally {
        fd = openSync(path, 'a', PRIVATE_FILE);
      }
    },
    async close() {
      closeSync(fd);
      await lock.release();
    },
  };
}

/** The real path of a directory that nobody else can write to; others could put a journal there. */
function privateDir(dir: string): string {
  mkdirSync(dir, { recursive: true, mode: PRIVATE_DIR });
  const real = realpathSync(dir);
  const { uid, mode } = lstatSync(real);
  const me = process.getuid?.();
  if (me !== undefined && (uid !== me || (mode & 0o022) !== 0)) {
    throw new ConfigError([`\`journal\` must be a directory that only user ${me} may write to, got: ${dir}.`]);
  }
  return real;
}

function toLines(entries: readonly unknown[]): Buffer {
  return Buffer.from(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
}

interface Read<Entry> {
  readonly entries: readonly Entry[];
  readonly isDamaged: boolean;
  /** Up to the end of the last whole line. */
  readonly goodBytes: number;
}

function readJournal<Entry>(path: string, parse: JournalOptions<Entry>['parse']): Read<Entry> {
  const fd = openSync(path, 'a+', PRIVATE_FILE);
  const bytes = fstatSync(fd).size === 0 ? Buffer.alloc(0) : readFileSync(fd);
  closeSync(fd);
  const goodBytes = bytes.lastIndexOf('\n') + 1;
  const entries: Entry[] = [];
  for (const line of bytes.toString('utf8', 0, goodBytes).split('\n')) {
    if (line === '') continue;
    const entry = parse(line);
    if (entry !== undefined && entry !== 'newer') entries.push(entry);
    else if (entry === 'newer' || !isJson(line)) return { entries: [], isDamaged: true, goodBytes };
  }
  return { entries, isDamaged: false, goodBytes };
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
