import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBzflagLoad } from '../../../adapters/load/bzflag.ts';
import { createLoadAdapter } from '../../../adapters/load/create-load-adapter.ts';
import type { GameAddress } from '../../../adapters/load/load-adapter.ts';
import { createMumbleLoad } from '../../../adapters/load/mumble.ts';
import { createTeeworldsLoad } from '../../../adapters/load/teeworlds.ts';
import { failure, scriptedTcp, scriptedUdp } from './scripted.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
/** Reproducible garbage; a failing run prints the seed it had. */
const GARBAGE_RUNS = 60;

describe('the mumble query', () => {
  const answer = (request: Buffer, users: number, max: number): Buffer =>
    Buffer.concat([hex('00010304'), request.subarray(4), u32(users), u32(max), u32(72_000)]);

  it('asks with four zero bytes and eight of its own, and reads users and their limit', async () => {
    const requests: Buffer[] = [];
    const game = await scriptedUdp((request) => {
      requests.push(request);
      return [answer(request, 3, 100)];
    });
    expect(await createMumbleLoad(game).query()).toEqual({ sessions: 3, capacity: 100 });
    expect(requests[0]?.length).toBe(12);
    expect(requests[0]?.subarray(0, 4)).toEqual(Buffer.alloc(4));
  });

  it('waits for the answer to its own request', async () => {
    const game = await scriptedUdp((request) => [
      answer(Buffer.alloc(12, 7), 9, 9),
      Buffer.from('short'),
      answer(request, 1, 2),
    ]);
    expect(await createMumbleLoad(game).query()).toEqual({ sessions: 1, capacity: 2 });
  });

  it('fails on a number that is no count of users', async () => {
    const game = await scriptedUdp((request) => [answer(request, 4_000_000_000, 10)]);
    expect(await failure(createMumbleLoad(game))).toMatch(/`sessions` must be a count/);
  });
});

/** A Teeworlds 0.7 server as seen from outside; `info` is what follows the signature of the server info. */
function teeworlds(info: (request: Buffer) => Uint8Array): Promise<{ address: string; port: number }> {
  const token = hex('a1b2c3d4');
  return scriptedUdp((request) => {
    if (request[0] === 0x04) {
      // The handshake: its request is padded, so that the answer is shorter.
      if (request.length !== 520 || request[7] !== 5) return [];
      return [Buffer.concat([hex('040000'), request.subarray(8, 12), hex('05'), token])];
    }
    const asked = request[0] === 0x21 && request.subarray(1, 5).equals(token) && request.toString('latin1', 9, 17);
    if (asked !== '\xff\xff\xff\xffgie3') return [];
    return [
      Buffer.concat([hex('21'), request.subarray(5, 9), token, hex('ffffffff'), Buffer.from('inf3'), info(request)]),
    ];
  });
}

describe('the teeworlds query', () => {
  // As teeworlds-server 0.7.5 packs it: number, version, name, host, map, kind; flags, skill, 1 of 8 players, 2 of 64
  // clients; each client with name, clan, country (-1), score, kind.
  const INFO = Buffer.concat([
    hex('00'),
    Buffer.from('0.7.5\0a server\0\0dm1\0DM\0'),
    hex('00 01 01 08 02 80 01'),
    Buffer.from('ann\0clan\0'),
    hex('40 05 00'),
    Buffer.from('bob\0\0'),
    hex('40 00 01'),
  ]);

  it('counts clients, spectators too, after the token handshake', async () => {
    const game = await teeworlds(() => INFO);
    const reading = { sessions: 2, capacity: 64, participants: ['ann', 'bob'] };
    expect(await createTeeworldsLoad(game).query()).toEqual(reading);
  });

  it.each([
    ['a text without end', INFO.subarray(0, 8)],
    ['answer too short', INFO.subarray(0, 27)],
    ['a number too long', Buffer.concat([hex('ff ff ff ff ff ff'), INFO])],
    ['`sessions` must be a count', Buffer.from(INFO).fill(0x42, 28, 29)],
  ])('fails with "%s"', async (reason, info) => {
    expect(await failure(createTeeworldsLoad(await teeworlds(() => info)))).toContain(reason);
  });

  it('gives a reading or fails, whatever the server says', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 80 }), async (info) => {
        const result = await createTeeworldsLoad(await teeworlds(() => info))
          .query()
          .catch((error: { code: string }) => error);
        expect('sessions' in result || result.code === 'load.query-failed').toBe(true);
      }),
      { numRuns: GARBAGE_RUNS },
    );
  });
});

describe('the bzflag query', () => {
  // As bzfs 2.4.26 answers: style, options, most players, shots, six team sizes, six team limits, five more numbers.
  const fields = [0, 2, 10, 5, 1, 2, 0, 0, 0, 3, 10, 10, 10, 10, 10, 10, 0, 0, 0, 0, 0];
  const ANSWER = Buffer.concat([hex('002a 7167'), ...fields.map(u16)]);
  const LAG_PING = hex('0002 7069 0001');

  /** bzfs: greets, then answers the one question with `answer`, in pieces of `piece` bytes. */
  const bzfs = (answer: Uint8Array, piece = 1_000) =>
    scriptedTcp((socket) => {
      socket.once('data', (hello) => {
        if (hello.toString() !== 'BZFLAG\r\n\r\n') socket.destroy();
        socket.once('data', (query) => {
          if (query.toString('hex') !== '00007167') socket.destroy();
          for (let at = 0; at < answer.length; at += piece) socket.write(answer.subarray(at, at + piece));
        });
        socket.write('BZFS0221\x07');
      });
    });

  it.each([1_000, 3])('adds up the teams and the observers, from pieces of %i bytes', async (piece) => {
    const game = await bzfs(Buffer.concat([LAG_PING, ANSWER]), piece);
    expect(await createBzflagLoad(game).query()).toEqual({ sessions: 6, capacity: 10 });
  });

  it.each([
    ['no BZFlag server', (): Promise<GameAddress> => scriptedTcp((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'))],
    ['closed before it answered', () => scriptedTcp((socket) => socket.end('BZFS'))],
    ['no answer within 300 ms', () => scriptedTcp(() => {})],
    ['answer too short', () => bzfs(hex('0002 7167 0001'))],
    ['answer too long', () => bzfs(Buffer.concat([hex('ffff 0000'), Buffer.alloc(5_000)]))],
  ])('fails with "%s"', async (reason, start) => {
    expect(await failure(createBzflagLoad(await start()))).toBe(reason);
  });

  it('gives a reading or fails, whatever the server says', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async (noise) => {
        const game = await scriptedTcp((socket) => {
          socket.once('data', () => socket.end(Buffer.concat([Buffer.from('BZFS0221\x00'), noise])));
        });
        const result = await createBzflagLoad(game)
          .query()
          .catch((error: { code: string }) => error);
        expect('sessions' in result || result.code === 'load.query-failed').toBe(true);
      }),
      { numRuns: GARBAGE_RUNS },
    );
  });
});

describe('the gamedig query', () => {
  const status = (...lines: readonly string[]): Buffer =>
    Buffer.from(`\xff\xff\xff\xffstatusResponse\n${lines.join('\n')}\n`, 'latin1');

  it('counts players without bots, and takes a limit that is a text', async () => {
    const game = await scriptedUdp(() => [status('\\sv_maxclients\\12\\mapname\\oa_dm1', '3 48 "ann"', '0 0 "Grunt"')]);
    const adapter = await createLoadAdapter('gamedig:openarena', game);
    expect(await adapter.query()).toEqual({ sessions: 1, capacity: 12, participants: ['ann'] });
  });

  it('fails soon where nobody answers, and on noise', async () => {
    const silent = await createLoadAdapter('gamedig:protocol-quake3', await scriptedUdp(() => []));
    expect(await failure(silent)).toMatch(/Failed all 1 attempts/);
    const noisy = await createLoadAdapter(
      'gamedig:openarena',
      await scriptedUdp(() => [Buffer.from('\xff\xff\xff\xffstatusRes')]),
    );
    expect(await failure(noisy)).toMatch(/Failed all 1 attempts/);
  });
});

describe('every query over a network', () => {
  it('fails at once where nobody listens', async () => {
    for (const word of ['mumble', 'teeworlds', 'bzflag']) {
      const adapter = await createLoadAdapter(word, { address: '127.0.0.1', port: 9 });
      expect(await failure(adapter)).toBe('ECONNREFUSED');
    }
  });
});

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
