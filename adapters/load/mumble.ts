import { randomBytes } from 'node:crypto';
import { talkUdp } from './conversation.ts';
import { type GameAddress, type LoadAdapter, toReading } from './load-adapter.ts';

const NAME = 'mumble';
const ANSWER_BYTES = 24;

/**
 * A Mumble server (murmurd): the ping of its server lists. Request: four zero bytes, 8 bytes of our own. Answer: version
 * (4), the 8 bytes, users (4), most users (4), bandwidth (4); see "UDP ping" in the Mumble protocol documentation.
 */
export function createMumbleLoad(game: GameAddress, talk = talkUdp): LoadAdapter {
  return {
    name: NAME,
    query: () =>
      talk(NAME, game, async ({ send, answer }) => {
        const ident = randomBytes(8);
        send(Buffer.concat([Buffer.alloc(4), ident]));
        return await answer((bytes) => {
          if (bytes.length < ANSWER_BYTES || !bytes.subarray(4, 12).equals(ident)) return undefined;
          return toReading(NAME, { sessions: bytes.readUInt32BE(12), capacity: bytes.readUInt32BE(16) });
        });
      }),
  };
}
