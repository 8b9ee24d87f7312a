import { ConfigError } from '../errors.ts';
import { writeText } from './text.ts';

/**
 * Finished packets are cut from slabs: a buffer of its own for each would cost more than writing it. A slab lives as long
 * as one of its packets is held.
 */
const SLAB_BYTES = 16_384;
let slab = new Uint8Array(0);
let slabUsed = 0;

function copyToSlab(bytes: Uint8Array): Uint8Array {
  if (slabUsed + bytes.length > slab.length) {
    slab = new Uint8Array(SLAB_BYTES);
    slabUsed = 0;
  }
  const copy = slab.subarray(slabUsed, slabUsed + bytes.length);
  copy.set(bytes);
  slabUsed += bytes.length;
  return copy;
}

/**
 * Writes big-endian fields into a fixed buffer and collects what is wrong with them, so that one error names every
 * field. A field that does not fit its limits is not written.
 */
export class ByteWriter {
  /** Position of the next byte. */
  at = 0;
  readonly #bytes: Uint8Array;
  #problems: string[] = [];

  constructor(size: number) {
    this.#bytes = new Uint8Array(size);
  }

  reset(): void {
    this.at = 0;
    this.#problems = [];
  }

  problem(field: string, must: string, got: unknown): void {
    this.#problems.push(`\`${field}\` must be ${must}, got: ${got}`);
  }

  u8(field: string, value: number): void {
    this.#unsigned(field, value, 0xff);
    this.#bytes[this.at++] = value;
  }

  u16(field: string, value: number): void {
    this.#unsigned(field, value, 0xffff);
    this.#bytes[this.at++] = value >>> 8;
    this.#bytes[this.at++] = value;
  }

  u32(field: string, value: number): void {
    this.#unsigned(field, value, 0xffffffff);
    this.#bytes[this.at++] = value >>> 24;
    this.#bytes[this.at++] = value >>> 16;
    this.#bytes[this.at++] = value >>> 8;
    this.#bytes[this.at++] = value;
  }

  raw(field: string, value: Uint8Array, min: number, max = min): void {
    if (value.length < min || value.length > max || !this.#fits(value.length))
      this.problem(field, `${range(min, max)} bytes`, value.length);
    else {
      this.#bytes.set(value, this.at);
      this.at += value.length;
    }
  }

  text(field: string, value: string, min: number, max: number): void {
    // Bytes are never fewer than UTF-16 units, so a longer text need not be encoded to be refused.
    const tooLong = value.length > max || !this.#fits(value.length * 3);
    const end = tooLong ? Number.POSITIVE_INFINITY : writeText(this.#bytes, this.at, value);
    const size = end - this.at;
    if (size < min || size > max)
      this.problem(field, `${range(min, max)} bytes of UTF-8`, `${value.length} characters`);
    else this.at = end;
  }

  /** A text after one byte of its length. */
  shortText(field: string, value: string, min: number, max: number): void {
    const start = this.at++;
    this.text(field, value, min, max);
    this.#bytes[start] = this.at - start - 1;
  }

  zeroes(count: number): void {
    this.#bytes.fill(0, this.at, this.at + count);
    this.at += count;
  }

  /** Writes the number of bytes since `start + size` into the `size` bytes at `start`. */
  closeLength(start: number, size: 1 | 2): void {
    const length = this.at - start - size;
    if (size === 2) this.#bytes[start] = length >>> 8;
    this.#bytes[start + size - 1] = length;
  }

  /** Overwrites two bytes that were written before. */
  patchU16(at: number, value: number): void {
    this.#bytes[at] = value >>> 8;
    this.#bytes[at + 1] = value;
  }

  /** @throws ConfigError if any field was out of its limits */
  check(): void {
    if (this.#problems.length > 0) throw new ConfigError(this.#problems);
  }

  /** A copy of everything written. */
  finish(): Uint8Array {
    this.check();
    return copyToSlab(this.#bytes.subarray(0, this.at));
  }

  #fits(size: number): boolean {
    return this.at + size <= this.#bytes.length;
  }

  #unsigned(field: string, value: number, max: number): void {
    if (!(Number.isInteger(value) && value >= 0 && value <= max)) this.problem(field, `an integer of 0..${max}`, value);
  }
}

function range(min: number, max: number): string {
  return min === max ? `${min}` : `${min}..${max}`;
}
