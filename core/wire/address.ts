import { ConfigError } from '../errors.ts';

/** Length of `::ffff:` before the four bytes of an IPv4 address in a 16-byte one (RFC 4291, 2.5.5.2). */
const MAPPED_PREFIX_BYTES = 12;
/** "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255" */
const MAX_TEXT_LENGTH = 45;

/**
 * The bytes of an address in text form: 4 for IPv4, 16 for IPv6, undefined if it is neither. IPv4 is four decimal
 * numbers without leading zeros (which some parsers read as octal), IPv6 as in RFC 4291, section 2.2, without a zone.
 */
export function parseAddress(text: string): Uint8Array | undefined {
  if (text.length > MAX_TEXT_LENGTH) return undefined;
  if (!text.includes(':')) return parseIpv4(text);
  const bytes = parseIpv6(text);
  return bytes && Uint8Array.from(bytes);
}

/** Dotted decimal for 4 bytes, RFC 5952 for 16 (lower case, the longest run of zero groups as `::`). */
export function formatAddress(address: Uint8Array): string {
  if (address.length === 4) return address.join('.');
  if (address.length !== 16) throw new ConfigError([`\`address\` must be 4 or 16 bytes, got: ${address.length}`]);
  if (isMapped(address)) return `::ffff:${address.subarray(MAPPED_PREFIX_BYTES).join('.')}`;
  const groups = Array.from({ length: 8 }, (_, index) => (address[index * 2]! << 8) | address[index * 2 + 1]!);
  const { start, length } = longestZeroRun(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

/** True for `::ffff:a.b.c.d` in 16 bytes. */
export function isMapped(address: Uint8Array): boolean {
  if (address.length !== 16 || address[10] !== 0xff || address[11] !== 0xff) return false;
  for (let at = 0; at < 10; at++) if (address[at] !== 0) return false;
  return true;
}

/** The 16 bytes that an extended packet carries: IPv4 becomes `::ffff:a.b.c.d`, 16 bytes stay as they are. */
export function toWireAddress(address: Uint8Array): Uint8Array {
  if (address.length === 16) return address;
  if (address.length !== 4) throw new ConfigError([`\`address\` must be 4 or 16 bytes, got: ${address.length}`]);
  const mapped = new Uint8Array(16);
  mapped.fill(0xff, 10, MAPPED_PREFIX_BYTES);
  mapped.set(address, MAPPED_PREFIX_BYTES);
  return mapped;
}

/** The reverse: 4 bytes of a mapped address (a view), any other as it is. */
export function fromWireAddress(address: Uint8Array): Uint8Array {
  return isMapped(address) ? address.subarray(MAPPED_PREFIX_BYTES) : address;
}

/** The family that a 16-byte address asks for or names: a mapped one is IPv4. */
export function addressFamily(address: Uint8Array): 4 | 6 {
  return address.length === 4 || isMapped(address) ? 4 : 6;
}

/** True for "no server": every byte is zero. */
export function isZeroAddress(address: Uint8Array): boolean {
  for (let at = 0; at < address.length; at++) if (address[at] !== 0) return false;
  return true;
}

const DOT = 0x2e;
const ZERO_DIGIT = 0x30;

/** Digit by digit, since the source of every packet and request is read so. */
function parseIpv4(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(4);
  let part = 0;
  let value = 0;
  let digits = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const digit = code - ZERO_DIGIT;
    if (digit >= 0 && digit <= 9) {
      if (digits > 0 && value === 0) return undefined;
      value = value * 10 + digit;
      digits++;
      if (value > 255) return undefined;
    } else {
      if (code !== DOT || digits === 0 || part === 3) return undefined;
      bytes[part++] = value;
      value = 0;
      digits = 0;
    }
  }
  if (part !== 3 || digits === 0) return undefined;
  bytes[3] = value;
  return bytes;
}

function parseIpv6(text: string): number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const shortened = halves.length === 2;
  const head = parseGroups(halves[0]!, !shortened);
  const tail = shortened ? parseGroups(halves[1]!, true) : [];
  if (!head || !tail) return undefined;
  const missing = 16 - head.length - tail.length;
  // "::" stands for at least one group of zeroes.
  if (shortened ? missing < 2 : missing !== 0) return undefined;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

/** Groups of up to four hex digits; the last may be an IPv4 address where the text ends. */
function parseGroups(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === '') return [];
  const groups = text.split(':');
  const bytes: number[] = [];
  for (const [index, group] of groups.entries()) {
    if (mayEndInIpv4 && index === groups.length - 1 && group.includes('.')) {
      const ipv4 = parseIpv4(group);
      return ipv4 && [...bytes, ...ipv4];
    }
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
    const value = Number.parseInt(group, 16);
    bytes.push(value >> 8, value & 0xff);
  }
  return bytes;
}

/** The first of the longest runs, as RFC 5952, section 4.2.3 asks. */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (end < groups.length && groups[end] === 0) end++;
    if (end - start > best.length) best = { start, length: end - start };
  }
  return best;
}
