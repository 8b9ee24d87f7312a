import { randomBytes } from 'node:crypto';
import { talkUdp } from './conversation.ts';
import { type GameAddress, type LoadAdapter, type LoadReading, queryFailed, toReading } from './load-adapter.ts';

const NAME = 'teeworlds';
const TOKEN_BYTES = 4;
const NO_TOKEN = Buffer.alloc(TOKEN_BYTES, 0xff);
/** Control packet: flags, acknowledged, chunks; then the token; then the control message, here "token". */
const CONTROL = Buffer.from([0x04, 0, 0]);
const TOKEN_MESSAGE = 5;
/** A token request has this many bytes after its token, so that the answer is shorter than the request. */
const TOKEN_PADDING_BYTES = 508;
/** A packet outside any connection, of version 1; then the receiver's token and the sender's. */
const CONNLESS = 0x21;
const CONNLESS_HEADER_BYTES = 1 + 2 * TOKEN_BYTES;
const GET_INFO = Buffer.concat([NO_TOKEN, Buffer.from('gie3'), Buffer.from([0])]);
const INFO = Buffer.concat([NO_TOKEN, Buffer.from('inf3')]);

/** A Teeworlds 0.7 server: its token handshake, then the query of the server browser. */
export function createTeeworldsLoad(game: GameAddress, talk = talkUdp): LoadAdapter {
  return {
    name: NAME,
    query: () =>
      talk(NAME, game, async ({ send, answer }) => {
        const mine = randomBytes(TOKEN_BYTES);
        send(Buffer.concat([CONTROL, NO_TOKEN, Buffer.from([TOKEN_MESSAGE]), mine, Buffer.alloc(TOKEN_PADDING_BYTES)]));
        const theirs = await answer((packet) => readToken(packet, mine));
        send(Buffer.concat([Buffer.from([CONNLESS]), theirs, mine, GET_INFO]));
        return await answer((packet) => readInfo(packet, mine));
      }),
  };
}

/** The server's token, if the packet is the answer to a request with token `mine`. */
function readToken(packet: Buffer, mine: Buffer): Buffer | undefined {
  const fits = packet.length >= 12 && packet[0] === CONTROL[0] && packet[7] === TOKEN_MESSAGE;
  return fits && packet.subarray(3, 7).equals(mine) ? packet.subarray(8, 12) : undefined;
}

/**
 * Server info: our number of the query, then version, name, host, map and kind of game as texts that end in a zero byte,
 * flags, skill, players, most players, clients, most clients, and for each client name, clan, country, score, kind.
 * Spectators are clients but no players; they take a place like anybody.
 */
function readInfo(packet: Buffer, mine: Buffer): LoadReading | undefined {
  const body = packet.subarray(CONNLESS_HEADER_BYTES);
  if (!packet.subarray(1, 1 + TOKEN_BYTES).equals(mine) || !body.subarray(0, INFO.length).equals(INFO))
    return undefined;
  const reader = new TeeReader(body, INFO.length);
  reader.integer();
  for (let text = 0; text < 5; text++) reader.text();
  for (let number = 0; number < 4; number++) reader.integer();
  const sessions = reader.integer();
  const capacity = reader.integer();
  const participants: string[] = [];
  while (participants.length < sessions && !reader.atEnd) {
    participants.push(reader.text());
    reader.text();
    for (let number = 0; number < 3; number++) reader.integer();
  }
  return toReading(NAME, { sessions, capacity, participants });
}

class TeeReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  text(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0) throw queryFailed(NAME, 'a text without end');
    const text = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end + 1;
    return text;
  }

  /** Variable length: 6 bits and a sign in the first byte, 7 in each further one, low bits first. */
  integer(): number {
    let byte = this.#next();
    const isNegative = (byte & 0x40) !== 0;
    let value = byte & 0x3f;
    for (let shift = 6; (byte & 0x80) !== 0; shift += 7) {
      if (shift > 27) throw queryFailed(NAME, 'a number too long');
      byte = this.#next();
      value |= (byte & 0x7f) << shift;
    }
    return isNegative ? ~value : value;
  }

  #next(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw queryFailed(NAME, 'answer too short');
    return byte;
  }
}
