import { createBzflagLoad } from '../../../adapters/load/bzflag.ts';
import type { Datagrams, talkTcp, talkUdp } from '../../../adapters/load/conversation.ts';
import { type LoadAdapter, queryFailed } from '../../../adapters/load/load-adapter.ts';
import { createMumbleLoad } from '../../../adapters/load/mumble.ts';
import { createTeeworldsLoad } from '../../../adapters/load/teeworlds.ts';
import { OnedoorError } from '../../../core/errors.ts';
import { broken, type Target } from '../target.ts';

const GAME = { address: '127.0.0.1', port: 1 };
const MOST_NAMES = 255;
const MOST_COUNT = 65_535;

/**
 * A game whose datagrams are `bytes`: each is `place: 1, length: 1, data`, and at its place it repeats what the query sent at
 * `from` to `to`, as a game that saw the query would.
 */
function scripted(bytes: Uint8Array, [from, to]: readonly [number, number]): typeof talkUdp {
  return async (adapter, _game, talk) => {
    let at = 0;
    let sent = new Uint8Array(0);
    const game: Datagrams = {
      send(query) {
        sent = Uint8Array.from(query);
      },
      async answer(read) {
        while (at + 2 <= bytes.length) {
          const place = bytes[at]!;
          const data = Buffer.from(bytes.slice(at + 2, at + 2 + bytes[at + 1]!));
          at += 2 + data.length;
          const token = sent.subarray(from, to);
          if (place + token.length <= data.length) data.set(token, place);
          const result = read(data);
          if (result !== undefined) return result;
        }
        throw queryFailed(adapter, 'no answer');
      },
    };
    return await talk(game);
  };
}

/** A game that sends `bytes` over TCP, in two parts. */
function streamed(bytes: Uint8Array): typeof talkTcp {
  return async (adapter, _game, _hello, read) => {
    for (const end of [bytes.length >> 1, bytes.length]) {
      const result = read(Buffer.from(bytes.slice(0, end)), () => {});
      if (result !== undefined) return result;
    }
    throw queryFailed(adapter, 'closed before it answered');
  };
}

async function check(game: LoadAdapter): Promise<string> {
  try {
    const { sessions, capacity = 0, participants = [] } = await game.query();
    for (const count of [sessions, capacity]) {
      if (!Number.isInteger(count) || count < 0 || count > MOST_COUNT) throw broken('a count must be one', count);
    }
    if (participants.length > MOST_NAMES || participants.some((name) => Buffer.byteLength(name) > 32)) {
      throw broken('names must be short and few', participants);
    }
    return 'accepted';
  } catch (error) {
    if (!(error instanceof OnedoorError) || error.code !== 'load.query-failed') throw error;
    return String(error.payload['reason']).replaceAll(/`sessions`.*/g, 'no count');
  }
}

const datagram = (place: number, data: readonly number[]): number[] => [place, data.length, ...data];
const TEE_TOKEN = datagram(3, [4, 0, 0, 0, 0, 0, 0, 5, 9, 9, 9, 9]);
const TEE_INFO = datagram(1, [
  ...[0x21, 0, 0, 0, 0, 9, 9, 9, 9],
  ...[255, 255, 255, 255, ...Buffer.from('inf3'), 0],
  ...Buffer.from('0.7\0name\0host\0map\0dm\0'),
  ...[0, 0, 1, 16, 1, 16],
  ...Buffer.from('nameless\0clan\0'),
  ...[0, 3, 0],
]);

export const GAME_TARGETS: readonly Target[] = [
  {
    name: 'mumble',
    run: (bytes) => check(createMumbleLoad(GAME, scripted(bytes, [4, 12]))),
    seeds: [Uint8Array.from(datagram(4, [0, 1, 2, 3, ...Array(8).fill(0), 0, 0, 0, 5, 0, 0, 0, 9, 0, 0, 0, 0]))],
    maxBytes: 200,
  },
  {
    name: 'teeworlds',
    // Its token is the last part of what it sends but for the padding, in both messages.
    run: (bytes) => check(createTeeworldsLoad(GAME, teeworlds(bytes))),
    seeds: [Uint8Array.from([...TEE_TOKEN, ...TEE_INFO])],
    maxBytes: 600,
  },
  {
    name: 'bzflag',
    run: (bytes) => check(createBzflagLoad(GAME, streamed(bytes))),
    seeds: [Uint8Array.from([...Buffer.from('BZFS0221\xff', 'latin1'), 0, 22, 0x71, 0x67, ...Array(22).fill(1)])],
    maxBytes: 4_096,
  },
];

/** The token stands at 8 in the request for one, and at 5 in the query for info: the one that was sent first is kept. */
function teeworlds(bytes: Uint8Array): typeof talkUdp {
  return (adapter, game, talk) => {
    let mine: Uint8Array | undefined;
    return scripted(bytes, [0, 4])(adapter, game, (inner) =>
      talk({
        ...inner,
        send(query) {
          mine ??= query.slice(8, 12);
          inner.send(mine);
        },
      }),
    );
  };
}
