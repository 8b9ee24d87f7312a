/** base64url without padding (RFC 4648, section 5), as JWS has it (RFC 7515, section 2). */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const CODES = Uint8Array.from(ALPHABET, (character) => character.charCodeAt(0));
const INVALID = 255;
/** Value of each ASCII character. */
const VALUES = Uint8Array.from({ length: 128 }, (_, code) => {
  const value = ALPHABET.indexOf(String.fromCharCode(code));
  return value === -1 ? INVALID : value;
});

const decoder = new TextDecoder();

export function toBase64Url(bytes: Uint8Array): string {
  const text = new Uint8Array(base64UrlLength(bytes.length));
  writeBase64Url(bytes, text, 0);
  return decoder.decode(text);
}

/** Characters for so many bytes. */
export function base64UrlLength(bytes: number): number {
  return Math.ceil((bytes * 4) / 3);
}

/** Writes the characters as bytes of ASCII from `to` on; gives the place after them. */
export function writeBase64Url(bytes: Uint8Array, target: Uint8Array, to: number): number {
  const whole = bytes.length - (bytes.length % 3);
  let end = to;
  for (let at = 0; at < whole; at += 3) {
    const bits = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    target[end++] = CODES[bits >> 18]!;
    target[end++] = CODES[(bits >> 12) & 63]!;
    target[end++] = CODES[(bits >> 6) & 63]!;
    target[end++] = CODES[bits & 63]!;
  }
  if (whole === bytes.length) return end;
  const bits = (bytes[whole]! << 16) | ((bytes[whole + 1] ?? 0) << 8);
  target[end++] = CODES[bits >> 18]!;
  target[end++] = CODES[(bits >> 12) & 63]!;
  if (bytes.length - whole === 2) target[end++] = CODES[(bits >> 6) & 63]!;
  return end;
}

/**
 * The bytes, or undefined if `text` is not the one encoding of any: padding, other alphabets, a lone last character and
 * spare bits that are not zero (RFC 4648, section 3.5) are refused, so that no two texts mean the same bytes.
 */
export function fromBase64Url(text: string): Uint8Array | undefined {
  const spare = text.length % 4;
  if (spare === 1) return undefined;
  const bytes = new Uint8Array((text.length * 3) >> 2);
  let bits = 0;
  let end = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const value = code < 128 ? VALUES[code]! : INVALID;
    if (value === INVALID) return undefined;
    bits = ((bits << 6) | value) & 0xffffff;
    switch (at & 3) {
      case 1:
        bytes[end++] = bits >> 4;
        break;
      case 2:
        bytes[end++] = bits >> 2;
        break;
      case 3:
        bytes[end++] = bits;
        break;
    }
  }
  const leftOver = spare === 2 ? bits & 15 : spare === 3 ? bits & 3 : 0;
  return leftOver === 0 ? bytes : undefined;
}
