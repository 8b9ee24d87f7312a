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
 * A dynamic shard, checked, as the bytes that it came in: its numbers are read from there, by entry, when they are put
 * where they belong. Objects for 10,000 servers, and even arrays of their own, would cost more than reading them.
 */
export interface DynamicShard {
  /** Version of the static shard that it fits. */
  readonly staticVersion: number;
  readonly size: number;
  /** Entry n begins at `entryAt(n)`. */
  readonly data: DataView;
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
  const data = view(bytes);
  if (bytes.length < DYNAMIC_HEAD || data.getUint8(0) !== ROSTER_FORMAT) return undefined;
  const size = data.getUint32(4);
  if (bytes.length !== DYNAMIC_HEAD + size * DYNAMIC_ENTRY) return undefined;
  for (let at = DYNAMIC_HEAD; at < bytes.length; at += DYNAMIC_ENTRY) {
    if ((data.getUint8(at + 2) & ~SUSPECT_BIT) >= STATES.length) return undefined;
    // One look for three numbers: none may be negative.
    if ((data.getInt32(at + 20) | data.getInt32(at + 24) | data.getInt32(at + 28)) < 0) return undefined;
  }
  return { staticVersion: data.getFloat64(8), size, data };
}

/** Where entry `n` begins in `data`: what the readers of its numbers ask for. */
export const entryAt = (n: number): number => DYNAMIC_HEAD + n * DYNAMIC_ENTRY;
/** Place in the static shard. */
export const placeAt = (data: DataView, at: number): number => data.getUint16(at);
/** Place in `STATES`. */
export const stateAt = (data: DataView, at: number): number => data.getUint8(at + 2) & ~SUSPECT_BIT;
export const suspectAt = (data: DataView, at: number): number => data.getUint8(at + 2) >>> 7;
export const beatAt = (data: DataView, at: number): number =>
  data.getUint16(at + 16) * UINT32 + data.getUint32(at + 12);
export const beatAgeMsAt = (data: DataView, at: number): number => data.getUint16(at + 18) * AGE_STEP_MS;
export const freeAt = (data: DataView, at: number): number => data.getInt32(at + 20);
export const capacityAt = (data: DataView, at: number): number => data.getInt32(at + 24);
export const sessionsAt = (data: DataView, at: number): number => data.getInt32(at + 28);

/** 16 hex digits, '' if the gen is unknown. */
function genAt(data: DataView, at: number): string {
  const high = data.getUint32(at + 4);
  const low = data.getUint32(at + 8);
  if (high === 0 && low === 0) return '';
  // 2^32 put in front keeps the leading zeroes; its own digit is cut off.
  return (UINT32 + high).toString(16).slice(1) + (UINT32 + low).toString(16).slice(1);
}

/** Entry `n` of a shard as an object, for those who read it once. */
export function placedStatus({ data }: DynamicShard, n: number): PlacedStatus {
  const at = entryAt(n);
  return {
    index: placeAt(data, at),
    status: {
      gen: genAt(data, at),
      free: freeAt(data, at),
      capacity: capacityAt(data, at),
      sessions: sessionsAt(data, at),
      state: STATES[stateAt(data, at)]!,
      suspect: suspectAt(data, at) === 1,
      beat: beatAt(data, at),
      beatAgeMs: beatAgeMsAt(data, at),
    },
  };
}
