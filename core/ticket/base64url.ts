/** base64url without padding (RFC 4648, section 5), as JWS has it (RFC 7515, section 2). */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** Two characters for 12 bits: half as many steps as one by one. */
const PAIRS = Array.from({ length: 4_096 }, (_, bits) => ALPHABET[bits >> 6]! + ALPHABET[bits & 63]!);
const INVALID = 255;
/** Value of each ASCII character. */
const VALUES = Uint8Array.from({ length: 128 }, (_, code) => {
  const value = ALPHABET.indexOf(String.fromCharCode(code));
  return value === -1 ? INVALID : value;
});

export function toBase64Url(bytes: Uint8Array): string {
  const whole = bytes.length - (bytes.length % 3);
  let text = '';
  for (let at = 0; at < whole; at += 3) {
    const bits = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    text += PAIRS[bits >> 12]! + PAIRS[bits & 4_095]!;
  }
  if (bytes.length - whole === 1) return text + PAIRS[bytes[whole]! << 4]!;
  if (bytes.length - whole === 2) {
    const bits = (bytes[whole]! << 10) | (bytes[whole + 1]! << 2);
    return text + PAIRS[bits >> 6]! + ALPHABET[bits & 63]!;
  }
  return text;
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
