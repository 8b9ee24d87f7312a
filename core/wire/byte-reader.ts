import { readText } from './text.ts';

/** Why a value cannot be read: the two faults that are found inside of values (docs/PROTOCOL.md, items 9 and 10). */
export type ValueFault = 'value-size' | 'not-utf8';

/** Big-endian reads; the caller has checked that the bytes are there. */
export function readU16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

export function readU32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/**
 * Reads structured values field by field without a check after each: a read past the end yields zeroes and leaves a
 * fault, to be looked at once when the value is done.
 */
export class ByteReader {
  at: number;
  readonly end: number;
  /** The first fault in the document's order: a wrong size hides a text that is not UTF-8. */
  fault: ValueFault | undefined;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, from: number, to: number) {
    this.#bytes = bytes;
    this.at = from;
    this.end = to;
  }

  u8(): number {
    const from = this.#take(1);
    return from < 0 ? 0 : this.#bytes[from]!;
  }

  u16(): number {
    const from = this.#take(2);
    return from < 0 ? 0 : readU16(this.#bytes, from);
  }

  u32(): number {
    const from = this.#take(4);
    return from < 0 ? 0 : readU32(this.#bytes, from);
  }

  view(size: number): Uint8Array {
    const from = this.#take(size);
    return from < 0 ? new Uint8Array(0) : this.#bytes.subarray(from, from + size);
  }

  text(size: number, min: number, max: number): string {
    if (size < min || size > max) this.note('value-size');
    const from = this.#take(size);
    if (from < 0) return '';
    const text = readText(this.#bytes, from, from + size);
    if (text === undefined) this.note('not-utf8');
    return text ?? '';
  }

  /** A text after one byte of its length. */
  shortText(min: number, max: number): string {
    return this.text(this.u8(), min, max);
  }

  /** The next `size` bytes as a reader of their own, skipped here. */
  part(size: number): ByteReader {
    const from = this.#take(size);
    return from < 0 ? new ByteReader(this.#bytes, this.end, this.end) : new ByteReader(this.#bytes, from, from + size);
  }

  note(fault: ValueFault | undefined): void {
    if (fault && this.fault !== 'value-size') this.fault = fault;
  }

  #take(size: number): number {
    const from = this.at;
    if (from + size > this.end) {
      this.note('value-size');
      this.at = this.end;
      return -1;
    }
    this.at = from + size;
    return from;
  }
}
