import { describe, expect, it } from 'vitest';
import { ticketKeys } from '../../../adapters/crypto/ticket-keys.ts';
import { createVerifier } from '../../../adapters/crypto/verifier.ts';
import { createMemoryStore } from '../../../adapters/memory/registry-store.ts';
import { parseRuntimeConfig } from '../../../core/config/runtime-config.ts';
import type { PacketSource } from '../../../core/ports.ts';
import { createRosterWriter } from '../../../core/registry/roster-pass.ts';
import { decodeTicket } from '../../../core/ticket/decode.ts';
import { parseAddress, toWireAddress } from '../../../core/wire/address.ts';
import { encodeClassic } from '../../../core/wire/classic-packet.ts';
import { decodePacket } from '../../../core/wire/decode.ts';
import { encodeRequest } from '../../../core/wire/encode-request.ts';
import { type ExtendedRequest, type RequestFields, WANT } from '../../../core/wire/packet.ts';
import { composeDoor } from '../../../door/compose.ts';
import { aServer } from '../../support/builders.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { seededRng } from '../../support/seeded-rng.ts';

const keys = ticketKeys(new Uint8Array(32).fill(3));
const verify = createVerifier([keys.publicKey]);
const UDP: PacketSource = { address: '198.51.100.7', port: 40_000, protocol: 17 };
const TCP: PacketSource = { ...UDP, protocol: 6 };
const V4 = toWireAddress(Uint8Array.of(192, 168, 1, 7));
let nonces = 0;

interface Sent {
  readonly request: ExtendedRequest;
  readonly to: string;
}

/** A door over one server, with what it sends to agents. */
async function aDoor(config: Readonly<Record<string, unknown>>, server: Parameters<typeof aServer>[0] = {}) {
  const clock = fakeClock();
  const store = createMemoryStore();
  const { key, server: placement } = aServer({ id: 'a.0', ipv4: '203.0.113.5', ...server });
  const writer = createRosterWriter({ store, clock });
  await store.write(key, { kind: 'create', gen: 'aa', nowMs: 1 });
  await store.place(key, placement);
  for (let beat = 1; beat <= 2; beat++) {
    const addFree = beat === 1 ? 50 : 0;
    await store.write(key, {
      kind: 'beat',
      gen: 'aa',
      beat,
      addFree,
      hb: 0,
      sessions: 0,
      capacity: 50,
      state: 'ready',
    });
    await writer.pass();
  }
  const sent: Sent[] = [];
  const door = composeDoor({
    config: parseRuntimeConfig(JSON.stringify({ defaultApp: placement.app, ...config })),
    ownPort: 7_000,
    store,
    signer: keys.signer,
    cookieMac: () => new Uint8Array(32),
    sendForward: (bytes, address, port) => {
      const decoded = decodePacket(bytes, { expect: 'request' });
      if (!decoded.ok || decoded.packet.kind !== 'extended') throw new Error(JSON.stringify(decoded));
      sent.push({ request: decoded.packet as ExtendedRequest, to: `${address} ${port}` });
    },
    clock,
    rng: seededRng(5),
  });
  await door.roster.refresh();
  return { handle: door.handle, counters: door.counters, sent };
}

function ask(fields: Partial<RequestFields> = {}): Uint8Array {
  const nonce = new Uint8Array(8);
  new DataView(nonce.buffer).setUint32(4, ++nonces);
  return encodeRequest({ address: V4, nonce, client: Buffer.from('ann'), ...fields }, { padTo: 800 });
}

describe('a door whose servers answer', () => {
  it('hands the client on with its ticket, signed by the key of the tickets, and is silent', async () => {
    const { handle, sent, counters } = await aDoor({ answers: 'server' });
    const bytes = ask({ world: undefined, wait: 'w'.repeat(400), avoid: ['x.0', 'y.0'] });
    expect(await handle(bytes, UDP)).toBeUndefined();
    const [{ request, to } = {} as Sent] = sent;
    expect(to).toBe('203.0.113.5 7000');
    expect(request.pick).toBe('a.0');
    expect([...request.nonce]).toEqual([...bytes.subarray(23, 31)]);
    expect(Buffer.from(request.client!).toString()).toBe('ann');
    expect(request.forward).toMatchObject({ port: 40_000, flags: 1, room: 800 });
    expect(request.forward!.address).toEqual(toWireAddress(parseAddress(UDP.address)!));
    const ticket = decodeTicket(request.ticket!);
    expect(ticket).toMatchObject({ ok: true, kid: keys.signer.kid, claims: { aud: 'a.0' } });
    expect(verify(keys.signer.kid, request.forward!.signed, request.forward!.signature)).toBe(true);
    expect(counters.read()).toMatchObject({ forwarded: 1, assigned: 1 });
  });

  it('answers the repeat of a request itself, with the same ticket, and hands nothing on again', async () => {
    const { handle, sent } = await aDoor({ answers: 'server' });
    const bytes = ask();
    await handle(bytes, UDP);
    const answer = decodePacket((await handle(bytes, { ...UDP, port: 40_001 }))!, { expect: 'response' });
    expect(answer).toMatchObject({ ok: true, packet: { ticket: sent[0]!.request.ticket } });
    expect(sent).toHaveLength(1);
  });

  const itself: readonly (readonly [string, Partial<RequestFields>, PacketSource])[] = [
    ['a client that direct answers do not reach', { want: WANT.noDirectAnswer }, UDP],
    ['a client that came by TCP', {}, TCP],
    ['a client that asks for the other family', { address: parseAddress('::1')! }, UDP],
    ['a client whose family the server does not have', {}, { ...UDP, address: '2001:db8::7' }],
  ];
  for (const [who, fields, source] of itself) {
    it(`answers ${who} itself`, async () => {
      const { handle, sent } = await aDoor({ answers: 'server' }, { ipv6: who.includes('asks') ? '2001:db8::5' : '' });
      expect(await handle(ask(fields), source)).toBeDefined();
      expect(sent).toEqual([]);
    });
  }

  it('answers classic requests itself', async () => {
    const { handle, sent } = await aDoor({ answers: 'server' });
    expect(await handle(encodeClassic(Uint8Array.of(10, 0, 0, 1)), UDP)).toHaveLength(8);
    expect(sent).toEqual([]);
  });
});

describe('a door that notifies', () => {
  it('answers itself and tells the server of the client, once', async () => {
    const { handle, sent, counters } = await aDoor({ notify: true });
    const bytes = ask();
    expect(await handle(bytes, UDP)).toBeDefined();
    expect(await handle(bytes, UDP)).toBeDefined();
    expect(sent.map(({ request }) => request.forward)).toMatchObject([{ port: 40_000, flags: 2 }]);
    expect(counters.read()).toMatchObject({ noted: 1 });
  });

  it('gives no port where the client came by TCP', async () => {
    const { handle, sent } = await aDoor({ notify: true, answers: 'server' });
    expect(await handle(ask(), TCP)).toBeDefined();
    expect(sent[0]!.request.forward).toMatchObject({ port: 0, flags: 2 });
  });

  it('asks for both where the server answers too', async () => {
    const { handle, sent } = await aDoor({ notify: true, answers: 'server' });
    expect(await handle(ask(), UDP)).toBeUndefined();
    expect(sent[0]!.request.forward).toMatchObject({ flags: 3 });
  });

  it('tells nobody of a client that gets no seat', async () => {
    const { handle, sent } = await aDoor({ notify: true, answers: 'server' });
    expect(await handle(ask({ app: 'nope' }), UDP)).toBeDefined();
    expect(sent).toEqual([]);
  });
});
