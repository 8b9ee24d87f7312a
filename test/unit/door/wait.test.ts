import { describe, expect, it } from 'vitest';
import { ticketKeys } from '../../../adapters/crypto/ticket-keys.ts';
import { createMemoryStore } from '../../../adapters/memory/registry-store.ts';
import { parseRuntimeConfig } from '../../../core/config/runtime-config.ts';
import { createRosterWriter } from '../../../core/registry/roster-pass.ts';
import { toWireAddress } from '../../../core/wire/address.ts';
import { decodePacket } from '../../../core/wire/decode.ts';
import { encodeRequest } from '../../../core/wire/encode-request.ts';
import type { RequestFields } from '../../../core/wire/packet.ts';
import { composeDoor } from '../../../door/compose.ts';
import { aServer } from '../../support/builders.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { seededRng } from '../../support/seeded-rng.ts';

const SOURCE = { address: '198.51.100.7', port: 40_000, protocol: 6 } as const;

/** A gateway as it runs, with one server of one seat; and a beat that gives a seat back. */
async function aFullDoor() {
  const store = createMemoryStore();
  const clock = fakeClock();
  const { key, server } = aServer({ capacity: 1 });
  const gen = '00000000000000a1';
  await store.write(key, { kind: 'create', gen, nowMs: 1 });
  await store.place(key, server);
  const writer = createRosterWriter({ store, clock });
  let beat = 1;
  const giveBack = async (addFree: number): Promise<void> => {
    const counts = { hb: 0, sessions: 0, capacity: 1, state: 'ready' } as const;
    expect(await store.write(key, { kind: 'beat', gen, beat: beat++, addFree, ...counts })).toMatchObject({ ok: true });
    await writer.pass();
    clock.advance(1_000);
  };
  const { signer } = ticketKeys(new Uint8Array(32).fill(9));
  const config = parseRuntimeConfig(JSON.stringify({ defaultApp: 'arena' }));
  const mac = (data: Uint8Array) => data.subarray(-32);
  const door = composeDoor({ config, ownPort: 7_000, store, signer, cookieMac: mac, clock, rng: seededRng(1) });
  await giveBack(1);
  await giveBack(0);
  await door.roster.refresh();
  let nonces = 0;
  const ask = async (client: string, more: Partial<RequestFields> = {}, padTo = 800) => {
    const address = toWireAddress(Uint8Array.of(192, 168, 1, 7));
    const fields = {
      address,
      nonce: new Uint8Array(8).fill(++nonces),
      client: new TextEncoder().encode(client),
      ...more,
    };
    const bytes = await door.handle(encodeRequest(fields, { padTo }), SOURCE);
    const decoded = decodePacket(bytes ?? new Uint8Array(), { expect: 'response' });
    if (!decoded.ok || decoded.packet.kind !== 'extended') throw new Error('no extended response');
    return decoded.packet;
  };
  return { ask, giveBack, door };
}

describe('a gateway whose pool is full', () => {
  it('gives the next seat to who shows its wait token, before a newcomer', async () => {
    const { ask, giveBack } = await aFullDoor();
    expect((await ask('first')).server).toBeDefined();
    const { wait, error } = await ask('waiting');
    expect(error?.code).toBe(1);
    if (wait === undefined) throw new Error('no token');
    expect((await ask('waiting', { wait })).wait).toBe(wait);
    await giveBack(1);
    expect((await ask('newcomer')).error?.code).toBe(1);
    expect((await ask('waiting', { wait })).server).toBeDefined();
  });
});
