import { talkTcp } from './conversation.ts';
import { type GameAddress, type LoadAdapter, queryFailed, toReading } from './load-adapter.ts';

const NAME = 'bzflag';
const HELLO = Buffer.from('BZFLAG\r\n\r\n');
/** `BZFS`, four digits of the protocol's version, the number of the connection. */
const GREETING = /^BZFS\d{4}/;
const GREETING_BYTES = 9;
const HEADER_BYTES = 4;
const QUERY_GAME = 0x7167;
/** Fields of the answer, 2 bytes each: style, options, most players, shots, then the size of each team. */
const MAX_PLAYERS = 2;
const FIRST_TEAM = 4;
/** Rogue, red, green, blue, purple, and the observers, who hold a connection like anybody. */
const TEAMS = 6;

/** A BZFlag server: MsgQueryGame over TCP, asked before joining (protocol 0221; bzfs 2.4). */
export function createBzflagLoad(game: GameAddress, talk = talkTcp): LoadAdapter {
  return {
    name: NAME,
    query: async () => {
      let asked = false;
      return await talk(NAME, game, HELLO, (bytes, send) => {
        if (bytes.length < GREETING_BYTES) return undefined;
        if (!GREETING.test(bytes.toString('latin1', 0, 8))) throw queryFailed(NAME, 'no BZFlag server');
        if (!asked) {
          asked = true;
          const query = Buffer.alloc(HEADER_BYTES);
          query.writeUInt16BE(QUERY_GAME, 2);
          send(query);
        }
        return readAnswer(bytes.subarray(GREETING_BYTES));
      });
    },
  };
}

/** Messages are: length of the value (2), code (2), value. Others than the answer are skipped. */
function readAnswer(bytes: Buffer): ReturnType<typeof toReading> | undefined {
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const length = bytes.readUInt16BE(at);
    const code = bytes.readUInt16BE(at + 2);
    const from = at + HEADER_BYTES;
    at = from + length;
    if (at > bytes.length) return undefined;
    if (code !== QUERY_GAME) continue;
    if (length < 2 * (FIRST_TEAM + TEAMS)) throw queryFailed(NAME, 'answer too short');
    const field = (n: number): number => bytes.readUInt16BE(from + 2 * n);
    const teams = Array.from({ length: TEAMS }, (_, n) => field(FIRST_TEAM + n));
    return toReading(NAME, { sessions: teams.reduce((sum, size) => sum + size, 0), capacity: field(MAX_PLAYERS) });
  }
  return undefined;
}
