import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../../adapters/memory/registry-store.ts';
import { parseRuntimeConfig } from '../../../core/config/runtime-config.ts';
import type { PacketSource } from '../../../core/ports.ts';
import { createRosterWriter } from '../../../core/registry/roster-pass.ts';
import { createSourceLimit } from '../../../core/source-limit.ts';
import { toWireAddress } from '../../../core/wire/address.ts';
import { decodePacket } from '../../../core/wire/decode.ts';
import { encodeRequest } from '../../../core/wire/encode-request.ts';
import { composeDoor } from '../../../door/compose.ts';
import { anApiBench, bodyOf } from '../../support/api-bench.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { seededRng } from '../../support/seeded-rng.ts';
import { keysOf } from '../../support/tickets.ts';

const LIMITED = 5;
const COOKIE = 9;
const tcp = (address: string): PacketSource => ({ address, port: 40_000, protocol: 6 });
const udp = (address: string): PacketSource => ({ address, port: 40_000, protocol: 17 });

/** A door without servers: what it answers to who may ask is that there are none. */
async function aDoor(settings: object = {}) {
  const clock = fakeClock();
  const store = createMemoryStore();
  await createRosterWriter({ store, clock }).pass();
  const door = composeDoor({
    config: parseRuntimeConfig(JSON.stringify(settings)),
    ownPort: 7_000,
    store,
    signer: keysOf().signer,
    cookieMac: (data) => Uint8Array.from({ length: 32 }, (_, at) => (data[at % data.length]! * 31 + at) & 0xff),
    clock,
    rng: seededRng(1),
  });
  await door.roster.refresh();
  let nonce = 0;
  const ask = async (source: PacketSource, cookie?: Uint8Array) => {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setUint32(0, ++nonce);
    const fields = { address: toWireAddress(new Uint8Array(4)), nonce: bytes, ...(cookie && { cookie }) };
    const answer = (await door.handle(encodeRequest(fields, { padTo: 800 }), source)) ?? new Uint8Array();
    const decoded = decodePacket(answer, { expect: 'response' });
    if (!decoded.ok || decoded.packet.kind !== 'extended') throw new Error('no extended response');
    return decoded.packet;
  };
  const limitedOf = async (source: PacketSource, requests: number, cookie?: Uint8Array): Promise<number> => {
    let limited = 0;
    for (let n = 0; n < requests; n++) if ((await ask(source, cookie)).error?.code === LIMITED) limited++;
    return limited;
  };
  return { ask, limitedOf, clock, counters: door.counters };
}

describe('a source that asks a gateway too often', () => {
  it('is told to wait and counted, while its neighbour is served', async () => {
    const { ask, limitedOf, clock, counters } = await aDoor({ perSourcePerSecond: 10 });
    expect(await limitedOf(tcp('203.0.113.9'), 50)).toBe(30);
    expect((await ask(tcp('203.0.113.9'))).error?.retryAfterMs).toBeGreaterThan(0);
    expect(counters.read()['refused.door.rate-limited']).toBe(31);
    expect(await limitedOf(tcp('203.0.113.10'), 20)).toBe(0);
    clock.advance(1_000);
    expect(await limitedOf(tcp('203.0.113.9'), 10)).toBe(0);
  });

  it('cannot get round it by other addresses of its IPv6 network', async () => {
    const { limitedOf } = await aDoor({ perSourcePerSecond: 10 });
    expect(await limitedOf(tcp('2001:db8::1'), 20)).toBe(0);
    expect(await limitedOf(tcp('2001:db8::2'), 20)).toBe(20);
  });

  it('is counted over UDP only once it has shown a cookie: a forged source costs its owner nothing', async () => {
    const { ask, limitedOf } = await aDoor({ perSourcePerSecond: 10, unverifiedPerSecond: 0 });
    const source = udp('203.0.113.9');
    for (let n = 0; n < 100; n++) expect((await ask(source)).error?.code).toBe(COOKIE);
    const { cookie } = await ask(source);
    expect(await limitedOf(source, 20, Uint8Array.from(cookie!))).toBe(0);
    expect(await limitedOf(source, 5, Uint8Array.from(cookie!))).toBe(5);
  });
});

describe('a source that asks the HTTP API too often', () => {
  it('gets 429 with Retry-After, by the address that the load balancer saw', async () => {
    const clock = fakeClock();
    const limit = createSourceLimit({ perSecond: 5, clock, rng: seededRng(2) });
    const { send } = await anApiBench(undefined, {}, { limit });
    const ask = (sourceAddress: string) => send({ path: '/v1/apps', sourceAddress });
    for (let n = 0; n < 10; n++) expect((await ask('203.0.113.9')).status).toBe(200);
    const refused = await ask('203.0.113.9');
    expect([refused.status, bodyOf(refused)['code']]).toEqual([429, 'door.rate-limited']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await ask('203.0.113.10')).status).toBe(200);
    expect((await ask('')).status).toBe(200);
  });
});
