import { describe, expect, it } from 'vitest';
import { parseRuntimeConfig } from '../../../core/config/runtime-config.ts';
import { createRosterWriter } from '../../../core/registry/roster-pass.ts';
import { decodeTicket } from '../../../core/ticket/decode.ts';
import { toWireAddress } from '../../../core/wire/address.ts';
import { decodePacket } from '../../../core/wire/decode.ts';
import { encodeRequest } from '../../../core/wire/encode-request.ts';
import { composeDoor } from '../../../door/compose.ts';
import { aScene, KEY, PLACEMENT, signer, T_MS } from '../../support/agent-scene.ts';
import { seededRng } from '../../support/seeded-rng.ts';

const BEAT_MS = 5_000;
const CLIENT = 'same client, same nonce';

/** A server with its agent, and gateways before it. */
async function aDeployment(gateways: number) {
  const scene = await aScene();
  const { store, clock } = scene;
  const agent = await scene.live();
  await store.place(KEY, PLACEMENT);
  const writer = createRosterWriter({ store, clock });
  for (let beat = 0; beat < 2; beat++) {
    await scene.pass(agent, BEAT_MS);
    await writer.pass();
  }
  const config = parseRuntimeConfig(JSON.stringify({ defaultApp: 'arena' }));
  const cookieMac = () => new Uint8Array(32);
  const doors = await Promise.all(
    Array.from({ length: gateways }, async (_, n) => {
      const door = composeDoor({ config, ownPort: 7_000, store, signer, cookieMac, clock, rng: seededRng(n + 1) });
      await door.roster.refresh();
      return door;
    }),
  );
  const ask = async (gateway: number, port: number) => {
    const address = toWireAddress(Uint8Array.of(192, 168, 1, 7));
    const client = new TextEncoder().encode(CLIENT);
    const bytes = encodeRequest({ address, nonce: new Uint8Array(8).fill(7), client }, { padTo: 800 });
    const answer = await doors[gateway]!.handle(bytes, { address: '198.51.100.7', port, protocol: 17 });
    const decoded = decodePacket(answer ?? new Uint8Array(), { expect: 'response' });
    if (!decoded.ok || decoded.packet.kind !== 'extended') throw new Error('no extended response');
    const ticket = decodeTicket(decoded.packet.ticket ?? '');
    if (!ticket.ok) throw new Error(ticket.code);
    return ticket.claims;
  };
  return { scene, agent, ask };
}

describe('a request that is repeated with its nonce', () => {
  it('gets the same seat at its gateway, one more at another one, and that one is back within T and two beats', async () => {
    const { scene, agent, ask } = await aDeployment(2);
    const first = await ask(0, 40_000);
    expect(await ask(0, 40_001)).toEqual(first);
    expect(await scene.free()).toBe(3);
    const second = await ask(1, 40_002);
    expect(second.jti).not.toBe(first.jti);
    expect(await ask(1, 40_003)).toEqual(second);
    expect(await scene.free()).toBe(2);

    const { gen, seat: serial, sub } = first;
    expect(agent.activate({ gen, serial, sub })).toMatchObject({ ok: true, resumed: false });
    await scene.pass(agent, T_MS + 2 * BEAT_MS);
    expect(await scene.free()).toBe(3);
    expect(agent.sessions).toBe(1);
  });
});
