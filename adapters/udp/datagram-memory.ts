/**
 * Memory for `BATCH` datagrams as recvmmsg(2) and sendmmsg(2) want it on little-endian machines of 64 bits, in one piece:
 * headers (struct mmsghdr, 64 bytes: name, its length, iovec, how many, control, its length, flags; then the datagram's
 * length at 56), iovecs (16 bytes: where, length), names (struct sockaddr_in or sockaddr_in6), data.
 */
export interface DatagramMemory {
  readonly headers: Uint8Array;
  /** The same as words, for lengths. */
  readonly words: Uint32Array;
  /** All of it. */
  readonly bytes: Uint8Array;
  /** Index of a datagram's name in `words`. */
  nameAt(slot: number): number;
  /** Index of a datagram's data in `bytes`. */
  dataAt(slot: number): number;
  /** Headers from `slot` on. */
  headersFrom(slot: number): Uint8Array;
}

/** Datagrams in one call: beyond this the call itself is no cost any more. */
export const BATCH = 64;
/** A packet has at most 1,200 bytes; what is longer must still be seen to be so. */
export const DATA_BYTES = 1_280;
const HEADER_BYTES = 64;
const IOVEC_BYTES = 16;
const NAME_BYTES = 32;
const IOVECS = BATCH * HEADER_BYTES;
const NAMES = IOVECS + BATCH * IOVEC_BYTES;
const DATA = NAMES + BATCH * NAME_BYTES;
const LENGTH_WORD = 56 / 4;
const IOVEC_LENGTH_WORD = 8 / 4;

/** Word of a slot's length in `words`: of what was received, or sent. */
export function receivedLengthWord(slot: number): number {
  return (slot * HEADER_BYTES) / 4 + LENGTH_WORD;
}

/** Word of the length of what is to be sent, or of the room for what comes. */
export function roomWord(slot: number): number {
  return (IOVECS + slot * IOVEC_BYTES) / 4 + IOVEC_LENGTH_WORD;
}

/** @param nameBytes length of a socket address of the socket's family */
export function createDatagramMemory(nameBytes: number, addressOf: (memory: Uint8Array) => bigint): DatagramMemory {
  const buffer = new ArrayBuffer(DATA + BATCH * DATA_BYTES);
  const bytes = new Uint8Array(buffer);
  const view = new DataView(buffer);
  const start = addressOf(bytes);
  const pointer = (at: number, to: number): void => view.setBigUint64(at, start + BigInt(to), true);
  for (let slot = 0; slot < BATCH; slot++) {
    const header = slot * HEADER_BYTES;
    const iovec = IOVECS + slot * IOVEC_BYTES;
    pointer(header, NAMES + slot * NAME_BYTES);
    view.setUint32(header + 8, nameBytes, true);
    pointer(header + 16, iovec);
    view.setBigUint64(header + 24, 1n, true);
    pointer(iovec, DATA + slot * DATA_BYTES);
    view.setUint32(iovec + 8, DATA_BYTES, true);
  }
  const headers = bytes.subarray(0, IOVECS);
  const tails = Array.from({ length: BATCH }, (_, slot) => headers.subarray(slot * HEADER_BYTES));
  return {
    headers,
    words: new Uint32Array(buffer, 0, DATA / 4),
    bytes,
    nameAt: (slot) => (NAMES + slot * NAME_BYTES) / 4,
    dataAt: (slot) => DATA + slot * DATA_BYTES,
    headersFrom: (slot) => tails[slot]!,
  };
}
