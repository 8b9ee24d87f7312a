import { expect } from 'vitest';

/** A way to bytes and back, for one value. */
export interface Codec<Value> {
  readonly encode: (value: Value) => Uint8Array;
  /** Undefined if the bytes are dropped; never throws. */
  readonly decode: (bytes: Uint8Array) => Value | undefined;
}

/** Bytes around a packet that a decoder reading past its view would take for data. */
const GUARD = 0xaa;
const GUARD_BYTES = 37;

/** Everything that must hold for any codec and any value: a failure names the move and the byte. */
export function expectCodec<Value>(codec: Codec<Value>, value: Value): void {
  const bytes = codec.encode(value);
  expectRoundTrip(codec, value, bytes);
  expectSameAtOffset(codec, value, bytes);
  expectPrefixesDropped(codec, bytes);
  for (let at = 0; at < bytes.length; at++) {
    const old = bytes[at]!;
    for (const changed of new Set([old ^ 1, old ^ 0x80, (old + 1) & 0xff, (old - 1) & 0xff, 0, 0xff])) {
      if (changed !== old) expectConsistent(codec, bytes.with(at, changed), `byte ${at} is 0x${changed.toString(16)}`);
    }
  }
}

/** Whatever is accepted means the same after writing and reading it again. */
export function expectConsistent<Value>(codec: Codec<Value>, bytes: Uint8Array, note: string): void {
  const first = codec.decode(bytes);
  if (first === undefined) return;
  expect(codec.decode(codec.encode(first)), note).toEqual(first);
}

function expectRoundTrip<Value>(codec: Codec<Value>, value: Value, bytes: Uint8Array): void {
  const decoded = codec.decode(bytes);
  expect(decoded, 'round trip').toEqual(value);
  expect(codec.encode(decoded as Value), 're-encode').toEqual(bytes);
}

function expectSameAtOffset<Value>(codec: Codec<Value>, value: Value, bytes: Uint8Array): void {
  const large = new Uint8Array(bytes.length + 2 * GUARD_BYTES).fill(GUARD);
  large.set(bytes, GUARD_BYTES);
  expect(codec.decode(large.subarray(GUARD_BYTES, GUARD_BYTES + bytes.length)), 'at an offset').toEqual(value);
}

function expectPrefixesDropped<Value>(codec: Codec<Value>, bytes: Uint8Array): void {
  for (let length = 0; length < bytes.length; length++) {
    expect(codec.decode(bytes.subarray(0, length)), `the first ${length} bytes`).toBeUndefined();
  }
}
