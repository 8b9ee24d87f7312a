import { type ServerStatus, STATES } from './roster.ts';

/**
 * The packed roster: an item `INDEX`, and for each shard of at most 1,024 servers a static item `S<n>` (who they are,
 * see roster-static.ts) and a dynamic item `D<n>` (how they are: 32 bytes a server). All numbers are big-endian.
 *
 * The version of `S<n>` is a hash of its bytes, and `D<n>` names the one it fits, so that a reader never applies the
 * numbers of one server to another, whatever order the items arrive in and however many writers there were.
 */
export const INDEX_NAME = 'INDEX';
export const staticName = (shard: number): string => `S${shard}`;
export const dynamicName = (shard: number): string => `D${shard}`;

export const ROSTER_FORMAT = 1;
const INDEX_HEAD = 4;
const INDEX_ENTRY = 20;
const DYNAMIC_HEAD = 16;
const DYNAMIC_ENTRY = 32;
/** Beat ages are counted in these steps, in 16 bits: up to 21 minutes; older ones stay there. */
const AGE_STEP_MS = 20;
const MAX_AGE_MS = 0xffff * AGE_STEP_MS;
const SUSPECT_BIT = 0x80;
const UINT32 = 2 ** 32;

/** What the INDEX says of one shard. */
export interface ShardVersions {
  readonly staticVersion: number;
  /** Version of the INDEX with which the dynamic item was last written. */
  readonly dynamicVersion: number;
  /** Time from that writing to the writing of this INDEX, by the writer's monotonic clock. */
  readonly dynamicAgeMs: number;
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** format (1), unused (1), number of shards (2), then for each: static version (8), dynamic version (8), age in ms (4). */
export function encodeIndex(shards: readonly ShardVersions[]): Uint8Array {
  const bytes = new Uint8Array(INDEX_HEAD + shards.length * INDEX_ENTRY);
  const out = view(bytes);
  out.setUint8(0, ROSTER_FORMAT);
  out.setUint16(2, shards.length);
  shards.forEach((shard, n) => {
    const at = INDEX_HEAD + n * INDEX_ENTRY;
    out.setFloat64(at, shard.staticVersion);
    out.setFloat64(at + 8, shard.dynamicVersion);
    out.setUint32(at + 16, Math.min(Math.max(0, Math.round(shard.dynamicAgeMs)), UINT32 - 1));
  });
  return bytes;
}

/** undefined: not an INDEX that this version can read. */
export function decodeIndex(bytes: Uint8Array): readonly ShardVersions[] | undefined {
  const input = view(bytes);
  if (bytes.length < INDEX_HEAD || input.getUint8(0) !== ROSTER_FORMAT) return undefined;
  const size = input.getUint16(2);
  if (bytes.length !== INDEX_HEAD + size * INDEX_ENTRY) return undefined;
  return Array.from({ length: size }, (_, n) => {
    const at = INDEX_HEAD + n * INDEX_ENTRY;
    return {
      staticVersion: input.getFloat64(at),
      dynamicVersion: input.getFloat64(at + 8),
      dynamicAgeMs: input.getUint32(at + 16),
    };
  });
}

/** A status at its place in the static shard. */
export interface PlacedStatus {
  readonly index: number;
  readonly status: ServerStatus;
}

/**
 * A dynamic shard as columns; entry i is about the server at place `index[i]` of the static shard. Objects and texts
 * for 10,000 servers would cost more than reading them.
 */
export interface DynamicShard {
  /** Version of the static shard that it fits. */
  readonly staticVersion: number;
  readonly size: number;
  readonly index: Uint16Array;
  readonly state: Uint8Array;
  readonly suspect: Uint8Array;
  readonly genHigh: Uint32Array;
  readonly genLow: Uint32Array;
  readonly free: Int32Array;
  readonly capacity: Int32Array;
  readonly sessions: Int32Array;
  readonly beat: Float64Array;
  readonly beatAgeMs: Uint32Array;
}

/** 16 hex digits as two numbers; a gen of another form is stored as zeroes, which means unknown. */
function packGen(gen: string): readonly [number, number] {
  if (!/^[0-9a-f]{16}$/.test(gen)) return [0, 0];
  return [Number.parseInt(gen.slice(0, 8), 16), Number.parseInt(gen.slice(8), 16)];
}

function clamp(value: number, max: number): number {
  return Math.min(Math.max(0, value), max);
}

/**
 * format (1), unused (3), number of entries (4), static version (8), then for each entry: place in the static shard
 * (2), state with bit 0x80 for suspect (1), unused (1), gen (8), low 32 bits of beat (4), high 16 bits (2), age of the
 * beat in steps of 20 ms (2), free (4), capacity (4), sessions (4).
 */
export function encodeDynamic(staticVersion: number, entries: readonly PlacedStatus[]): Uint8Array {
  const bytes = new Uint8Array(DYNAMIC_HEAD + entries.length * DYNAMIC_ENTRY);
  const out = view(bytes);
  out.setUint8(0, ROSTER_FORMAT);
  out.setUint32(4, entries.length);
  out.setFloat64(8, staticVersion);
  entries.forEach(({ index, status }, n) => {
    const at = DYNAMIC_HEAD + n * DYNAMIC_ENTRY;
    const [genHigh, genLow] = packGen(status.gen);
    out.setUint16(at, index);
    out.setUint8(at + 2, STATES.indexOf(status.state) | (status.suspect ? SUSPECT_BIT : 0));
    out.setUint32(at + 4, genHigh);
    out.setUint32(at + 8, genLow);
    out.setUint32(at + 12, status.beat % UINT32);
    out.setUint16(at + 16, Math.floor(status.beat / UINT32));
    out.setUint16(at + 18, Math.round(clamp(status.beatAgeMs, MAX_AGE_MS) / AGE_STEP_MS));
    out.setInt32(at + 20, clamp(status.free, 2 ** 31 - 1));
    out.setInt32(at + 24, clamp(status.capacity, 2 ** 31 - 1));
    out.setInt32(at + 28, clamp(status.sessions, 2 ** 31 - 1));
  });
  return bytes;
}

/** undefined: not a dynamic shard that this version can read. */
export function decodeDynamic(bytes: Uint8Array): DynamicShard | undefined {
  const input = view(bytes);
  if (bytes.length < DYNAMIC_HEAD || input.getUint8(0) !== ROSTER_FORMAT) return undefined;
  const size = input.getUint32(4);
  if (bytes.length !== DYNAMIC_HEAD + size * DYNAMIC_ENTRY) return undefined;
  const shard = {
    staticVersion: input.getFloat64(8),
    size,
    index: new Uint16Array(size),
    state: new Uint8Array(size),
    suspect: new Uint8Array(size),
    genHigh: new Uint32Array(size),
    genLow: new Uint32Array(size),
    free: new Int32Array(size),
    capacity: new Int32Array(size),
    sessions: new Int32Array(size),
    beat: new Float64Array(size),
    beatAgeMs: new Uint32Array(size),
  };
  for (let n = 0, at = DYNAMIC_HEAD; n < size; n++, at += DYNAMIC_ENTRY) {
    const state = input.getUint8(at + 2);
    if ((state & ~SUSPECT_BIT) >= STATES.length) return undefined;
    shard.index[n] = input.getUint16(at);
    shard.state[n] = state & ~SUSPECT_BIT;
    shard.suspect[n] = state & SUSPECT_BIT ? 1 : 0;
    shard.genHigh[n] = input.getUint32(at + 4);
    shard.genLow[n] = input.getUint32(at + 8);
    shard.beat[n] = input.getUint16(at + 16) * UINT32 + input.getUint32(at + 12);
    shard.beatAgeMs[n] = input.getUint16(at + 18) * AGE_STEP_MS;
    shard.free[n] = input.getInt32(at + 20);
    shard.capacity[n] = input.getInt32(at + 24);
    shard.sessions[n] = input.getInt32(at + 28);
    if (shard.free[n]! < 0 || shard.capacity[n]! < 0 || shard.sessions[n]! < 0) return undefined;
  }
  return shard;
}

/** The gen in entry `n` of a shard, '' if it is unknown. */
function genAt(shard: DynamicShard, n: number): string {
  const high = shard.genHigh[n]!;
  const low = shard.genLow[n]!;
  if (high === 0 && low === 0) return '';
  // 2^32 put in front keeps the leading zeroes; its own digit is cut off.
  return (UINT32 + high).toString(16).slice(1) + (UINT32 + low).toString(16).slice(1);
}

/** The status in entry `n` of a shard. `gen`: its text, where the caller knows it: making one is half of the work. */
export function statusAt(shard: DynamicShard, n: number, gen: string = genAt(shard, n)): ServerStatus {
  return {
    gen,
    free: shard.free[n]!,
    capacity: shard.capacity[n]!,
    sessions: shard.sessions[n]!,
    state: STATES[shard.state[n]!]!,
    suspect: shard.suspect[n] === 1,
    beat: shard.beat[n]!,
    beatAgeMs: shard.beatAgeMs[n]!,
  };
}
