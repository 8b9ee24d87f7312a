import type { Clock, Rng } from './ports.ts';

/**
 * How much one source may ask for: `perSecond` on average and a burst of two seconds' worth at once (the generic cell rate
 * algorithm, ITU-T I.371). A source is an IPv4 address, or an IPv6 network of 64 bits, since that is what one customer gets
 * (RFC 6177). The memory is fixed: two rows of cells, each source in one cell of either by a secret hash, and the emptier of
 * the two counts (a count-min sketch), so that a source which sends much takes hardly anybody else with it.
 */
export interface SourceLimit {
  /**
   * Counts one request: how long to wait in ms, or 0 if it may be served. Ask only for sources that have shown that they
   * receive, or anybody could use up the share of a forged one.
   */
  waitMs(address: Uint8Array): number;
}

/** Cells of a row; the table is 256 KiB however many sources there are. */
const CELLS = 16_384;
const ROWS = 2;
const BURST_MS = 2_000;

/** The bytes that stand for a source: an address, or of a longer one the network. */
export function sourcePrefix(address: Uint8Array): Uint8Array {
  return address.length === 4 ? address : address.subarray(0, 8);
}

/** Loopback: who sends from there is on this very machine. */
export function isLoopback(address: Uint8Array): boolean {
  if (address.length === 4) return address[0] === 127;
  return address[15] === 1 && address.every((byte, at) => byte === 0 || at === 15);
}

/** @param perSecond 0: no limit */
export function createSourceLimit(deps: {
  readonly perSecond: number;
  readonly clock: Pick<Clock, 'monoMs'>;
  readonly rng: Pick<Rng, 'bytes'>;
}): SourceLimit {
  const { perSecond, clock } = deps;
  if (perSecond === 0) return { waitMs: () => 0 };
  const costMs = 1_000 / perSecond;
  /** For each cell the time at which all that was served would have been due. */
  const rows = Array.from({ length: ROWS }, () => new Float64Array(CELLS));
  const secrets = new Uint32Array(deps.rng.bytes(4 * ROWS).slice().buffer);
  const startMs = clock.monoMs();

  return {
    waitMs(address) {
      if (isLoopback(address)) return 0;
      const prefix = sourcePrefix(address);
      const nowMs = clock.monoMs() - startMs;
      const first = hash(prefix, secrets[0]!) % CELLS;
      const second = hash(prefix, secrets[1]!) % CELLS;
      const dueMs = Math.max(nowMs, Math.min(rows[0]![first]!, rows[1]![second]!));
      if (dueMs - nowMs > BURST_MS - costMs) return Math.ceil(dueMs - nowMs - BURST_MS + costMs);
      // Only as far as this source alone would have come: what others left in a fuller cell stays theirs.
      rows[0]![first] = Math.max(rows[0]![first]!, dueMs + costMs);
      rows[1]![second] = Math.max(rows[1]![second]!, dueMs + costMs);
      return 0;
    },
  };
}

/** FNV-1a with a secret start and the finish of murmur3 after each byte, so that a collision cannot be reckoned without it. */
function hash(bytes: Uint8Array, secret: number): number {
  let state = secret;
  for (const byte of bytes) {
    state = Math.imul(state ^ byte, 0x01000193);
    state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    state ^= state >>> 13;
  }
  return (Math.imul(state, 0xc2b2ae35) ^ secret) >>> 0;
}
