import { describe, expect, it } from 'vitest';
import { createCounters } from '../../../agents/counters.ts';
import type { OwnerAnswer } from '../../../agents/owner-link.ts';
import { readAnswer } from '../../../agents/owner-link.ts';
import { createServerDoor } from '../../../agents/server-door.ts';
import { answerFields } from '../../../core/assign/answer-fields.ts';
import { parseRuntimeConfig } from '../../../core/config/runtime-config.ts';
import type { PacketSource } from '../../../core/ports.ts';
import type { Placement } from '../../../core/registry/row.ts';
import { toWireAddress } from '../../../core/wire/address.ts';
import { encodeClassic } from '../../../core/wire/classic-packet.ts';
import { encodeForward, encodeRequest } from '../../../core/wire/encode-request.ts';
import { encodeResponse } from '../../../core/wire/encode-response.ts';
import { type RequestFields, WANT } from '../../../core/wire/packet.ts';
import type { ListedServer } from '../../support/build-view.ts';
import { aServer, aView } from '../../support/builders.ts';
import { seededRng } from '../../support/seeded-rng.ts';

const config = parseRuntimeConfig(JSON.stringify({ policy: 'stateless-3', defaultApp: 'arena' }));
const NONCE = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const V4 = toWireAddress(new Uint8Array(4));
const CLASSIC = encodeClassic(Uint8Array.of(192, 168, 1, 7));
const udp: PacketSource = { address: '203.0.113.9', port: 40_000, protocol: 17 };
const tcp: PacketSource = { ...udp, protocol: 6 };
const five = Array.from({ length: 5 }, (_, n) => aServer({ id: `s${n}.0`, ipv4: `192.0.2.${n + 1}` }));

/** What the agent of `server` answers to a keepalive. */
function itself(server: Placement, family: 4 | 6 = 4): OwnerAnswer {
  const fields = answerFields(server, family, { keepalive: config.keepalive });
  const encoded = encodeResponse({ ...fields, nonce: NONCE }, { maxBytes: 1_200 });
  return readAnswer((encoded as { bytes: Uint8Array }).bytes, config.packetType)!;
}

function aDoor(entries: readonly ListedServer[] = five, says: (server: Placement) => OwnerAnswer = itself) {
  const asked: string[] = [];
  const counters = createCounters();
  const view = aView(entries);
  const handle = createServerDoor({
    config,
    view: () => view,
    isProbePort: (port) => port >= 7_000 && port < 7_064,
    ask: async (server) => {
      asked.push(server.id);
      return says(server);
    },
    counters,
    rng: seededRng(1),
  });
  return { handle, asked, counters };
}

function request(fields: Partial<RequestFields> = {}, padTo = 200): Uint8Array {
  return encodeRequest({ address: V4, nonce: NONCE, ...fields }, { padTo });
}

async function extended(door: ReturnType<typeof aDoor>, bytes: Uint8Array, source = udp) {
  const answer = await door.handle(bytes, source);
  return answer && readAnswer(answer, config.packetType);
}

describe('an agent that answers for the door', () => {
  it('gives a classic client the owner’s own answer, in as many bytes as were asked with', async () => {
    const door = aDoor();
    const answer = await door.handle(CLASSIC, udp);
    const [owner = ''] = door.asked;
    expect([...answer!]).toEqual([0, 8, 255, 255, 192, 0, 2, Number(owner[1]) + 1]);
    expect(door.asked).toHaveLength(1);
  });

  it('gives an extended one the server with its ports and no ticket, by UDP never longer than the request', async () => {
    const door = aDoor();
    const answer = (await extended(door, request()))!;
    expect(answer.server).toBe(door.asked[0]);
    expect(answer.ticket).toBeUndefined();
    expect(answer.ports).toEqual([
      { role: 0, port: 27_000 },
      { role: 1, port: 7_000 },
    ]);
    expect([...answer.nonce]).toEqual([...NONCE]);
    expect(await extended(door, request({}, 0))).toBeUndefined();
    expect((await extended(door, request({}, 48)))!.error?.code).toBe(4);
    expect((await extended(door, request({}, 0), tcp))!.server).toBe(door.asked[0]);
  });

  it('goes on to the next index when the owner is silent, three at most', async () => {
    const first = (await extended(aDoor(), request()))!.server!;
    const others = aDoor(five, (server) => (server.id === first ? 'silent' : itself(server)));
    const second = (await extended(others, request()))!.server!;
    expect(others.asked).toEqual([first, second]);
    const none = aDoor(five, () => 'silent');
    expect((await extended(none, request()))!.error).toMatchObject({ code: 6 });
    expect(none.asked).toHaveLength(3);
    expect([...(await none.handle(CLASSIC, udp))!]).toEqual([...CLASSIC.subarray(0, 4), 0, 0, 0, 0]);
  });

  it('says what the roster says where it cannot ask', async () => {
    const door = aDoor(five, () => 'unasked');
    expect((await extended(door, request()))!.server).toBe(door.asked[0]);
    expect(door.counters.read()).toMatchObject({ 'door.unasked': 1, 'door.extended': 1 });
  });

  it('names what is wrong, and says that nobody is there', async () => {
    expect((await extended(aDoor(), request({ app: 'other' })))!.error?.code).toBe(2);
    expect((await extended(aDoor(), request({ world: 'other' })))!.error?.code).toBe(3);
    expect((await extended(aDoor([]), request()))!.error).toMatchObject({ code: 1, retryAfterMs: 2_000 });
    expect((await extended(aDoor(), request({ want: WANT.lobby })))!.error?.code).toBe(6);
  });

  it('gives pages of the roster', async () => {
    const page = (await extended(aDoor(), request({ want: WANT.roster }, 1_200)))!.rosterPage!;
    expect(page.entries.map(({ id }) => id)).toEqual(five.map(({ server }) => server.id));
  });

  it('is silent to what is malformed, to answers, to probe ports and to forwards, and asks nobody', async () => {
    const door = aDoor();
    const response = encodeResponse({ address: V4, nonce: NONCE, server: 'x.0' }, { maxBytes: 200 });
    const forward = { address: V4, port: 40_000, flags: 1, room: 800 };
    const packets: readonly (readonly [Uint8Array, PacketSource])[] = [
      [new Uint8Array(3), udp],
      [(response as { bytes: Uint8Array }).bytes, udp],
      [CLASSIC, { ...udp, port: 7_001 }],
      [encodeForward({ address: V4, nonce: NONCE, pick: 's1.0' }, forward).packet, udp],
    ];
    for (const [bytes, source] of packets) expect(await door.handle(bytes, source)).toBeUndefined();
    expect(door.asked).toEqual([]);
    expect(door.counters.read()).toEqual({
      'door.dropped.short': 1,
      'door.dropped.wrong-role': 1,
      'door.dropped.probe-port': 1,
      'door.dropped.forward': 1,
    });
  });
});
