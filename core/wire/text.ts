const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

/** Up to here a loop is cheaper than a view and a call into the platform. */
const SHORT_TEXT_BYTES = 24;
/** What a decoder writes for each malformed sequence. */
const REPLACEMENT = '\ufffd';

/**
 * The text of bytes[from..to), or undefined if they are not UTF-8 (RFC 3629). A `fatal` decoder would throw, and a flood
 * of malformed packets would cost microseconds each; so the decoder replaces, and only a text with a replacement, which
 * it may also rightly contain, is looked at byte by byte.
 */
export function readText(bytes: Uint8Array, from: number, to: number): string | undefined {
  const short = to - from <= SHORT_TEXT_BYTES ? readAscii(bytes, from, to) : undefined;
  if (short !== undefined) return short;
  const text = decoder.decode(bytes.subarray(from, to));
  return text.includes(REPLACEMENT) && !isUtf8(bytes, from, to) ? undefined : text;
}

function readAscii(bytes: Uint8Array, from: number, to: number): string | undefined {
  let text = '';
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!;
    if (byte >= 0x80) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}

/** Writes the UTF-8 of `text` at `at`, where three bytes for each of its units are free; returns the position after it. */
export function writeText(target: Uint8Array, at: number, text: string): number {
  let end = at;
  if (text.length <= SHORT_TEXT_BYTES) {
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (unit >= 0x80) return writeEncoded(target, at, text);
      target[end++] = unit;
    }
    return end;
  }
  return writeEncoded(target, at, text);
}

function writeEncoded(target: Uint8Array, at: number, text: string): number {
  return at + encoder.encodeInto(text, target.subarray(at)).written;
}

/**
 * The well-formed sequences of RFC 3629, section 4. The second byte's range depends on the first: that is what keeps
 * out overlong forms (E0, F0), surrogates (ED) and code points above U+10FFFF (F4).
 */
function isUtf8(bytes: Uint8Array, from: number, to: number): boolean {
  let at = from;
  while (at < to) {
    const first = bytes[at]!;
    if (first < 0x80) {
      at += 1;
      continue;
    }
    const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || at + length > to) return false;
    const second = bytes[at + 1]!;
    const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
    const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
    if (second < low || second > high) return false;
    for (let tail = at + 2; tail < at + length; tail++) {
      if ((bytes[tail]! & 0xc0) !== 0x80) return false;
    }
    at += length;
  }
  return true;
}
