import { describe, expect, it } from 'vitest';
import { ServerSession } from '../../../core/session/server-session.ts';
import { ServerWatch } from '../../../core/session/server-watch.ts';
import { toWireAddress } from '../../../core/wire/address.ts';
import { encodeResponse } from '../../../core/wire/encode-response.ts';
import type { ResponseFields } from '../../../core/wire/packet.ts';
import { aShared } from '../../support/session-world.ts';
import { readRequest } from '../../support/sim-servers.ts';

const HERE = { address: Uint8Array.of(203, 0, 113, 1), port: 7_000 };
const NOWHERE = new Uint8Array(16);

function aServerSession() {
  const shared = aShared();
  const server = { id: 'i-1.0', address: HERE.address, ports: { game: 27_000, probe: HERE.port } };
  const keepalive = { intervalSeconds: 20, transmissions: 10, timeoutMs: 700 };
  const session = new ServerSession(
    shared,
    new ServerWatch(shared, { server, ticket: 'here', keepalive, alternates: [] }, false, 0),
  );
  /** Answers the newest keepalive that went to the server. */
  const answer = (nowMs: number, fields: Partial<ResponseFields>) => {
    const sent = shared.actions.filter((action) => action.type === 'send' && action.to.address === HERE.address).at(-1);
    if (sent?.type !== 'send') throw new Error('nothing was sent');
    const { nonce } = readRequest(sent.bytes);
    const encoded = encodeResponse(
      { address: toWireAddress(HERE.address), nonce, server: 'i-1.0', ...fields },
      { maxBytes: 1_200 },
    );
    if (encoded.ok) session.packet(sent.channel, HERE, encoded.bytes, nowMs);
  };
  const told = () => shared.actions.filter(({ type }) => type === 'moving');
  return { session, answer, told };
}

describe('a session whose server goes away', () => {
  it('says so once, and once more when another server is named, however often the server repeats it', () => {
    const { session, answer, told } = aServerSession();
    const there = { address: toWireAddress(Uint8Array.of(203, 0, 113, 2)), server: 'i-2.0', ticket: 'there' };

    answer(10, { movingMs: 30_000 });
    session.tick(2_010);
    answer(2_020, { movingMs: 28_000 });
    session.tick(4_020);
    answer(4_030, { movingMs: 26_000, ...there });
    session.tick(6_030);
    answer(6_040, { movingMs: 24_000, ...there });

    expect(told()).toEqual([
      { type: 'moving', endsInMs: 30_000, named: false },
      { type: 'moving', endsInMs: 26_000, named: true },
    ]);
  });

  it('asks again every 2 s while no server is named, with room for the answer', () => {
    const { session, answer } = aServerSession();

    answer(10, { address: NOWHERE, movingMs: 30_000 });
    answer(20, { movingMs: 30_000 });

    expect(session.wakeAtMs).toBe(2_020);
  });
});
