import type { PacketSource } from '../../core/ports.ts';
import { formatAddress, fromWireAddress } from '../../core/wire/address.ts';

const IPV4_WORDS = 4;
const IPV6_WORDS = 7;
/** `::ffff:` as words of little-endian machines. */
const MAPPED_WORD = 0xffff0000;

/**
 * Where a datagram came from, kept as the kernel gave it (struct sockaddr_in or sockaddr_in6, in words of a little-endian
 * machine): an answer goes back to the same bytes, and the text is only made for who asks.
 */
export class NamedSource implements PacketSource {
  readonly port: number;
  readonly protocol = 17;
  private readonly head: number;
  /** IPv4: the address. */
  private readonly ipv4: number;
  /** IPv6: all of it. */
  private readonly name: Uint32Array | undefined;

  constructor(words: Uint32Array, at: number, length: number) {
    const head = words[at]!;
    this.head = head;
    // The port is in network order behind the two bytes of the family.
    this.port = ((head >>> 8) & 0xff00) | (head >>> 24);
    this.ipv4 = words[at + 1]!;
    this.name = length === IPV4_WORDS ? undefined : words.slice(at, at + IPV6_WORDS);
  }

  get address(): string {
    const { name } = this;
    if (!name) return dotted(this.ipv4);
    if (name[2] === 0 && name[3] === 0 && name[4] === MAPPED_WORD) return dotted(name[5]!);
    return formatAddress(fromWireAddress(new Uint8Array(name.buffer, name.byteOffset + 8, 16)));
  }

  /** Writes it as the name of a datagram that is to be sent. */
  writeTo(words: Uint32Array, at: number): void {
    if (this.name) {
      words.set(this.name, at);
      return;
    }
    words[at] = this.head;
    words[at + 1] = this.ipv4;
  }
}

function dotted(word: number): string {
  return `${word & 0xff}.${(word >>> 8) & 0xff}.${(word >>> 16) & 0xff}.${word >>> 24}`;
}
