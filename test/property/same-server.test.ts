import { describe, expect, it } from 'vitest';
import { ticketKeys } from '../../adapters/crypto/ticket-keys.ts';
import { createMemoryAnswerStore } from '../../adapters/memory/answer-store.ts';
import { createMemoryStore } from '../../adapters/memory/registry-store.ts';
import { createMemoryWatchStore } from '../../adapters/memory/watch-store.ts';
import { parseRuntimeConfig } from '../../core/config/runtime-config.ts';
import { createRosterWriter } from '../../core/registry/roster-pass.ts';
import { toWireAddress } from '../../core/wire/address.ts';
import { decodePacket } from '../../core/wire/decode.ts';
import { encodeRequest } from '../../core/wire/encode-request.ts';
import { composeDoor } from '../../door/compose.ts';
import { composeApi } from '../../lambda/compose-assign.ts';
import { aServer } from '../support/builders.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { seededRng } from '../support/seeded-rng.ts';

const CLIENTS = 10_000;
const SERVERS = 20;
const GEN = '00000000000000aa';
/** More than the three ways together give out: where a server is full, the next one stands in for it. */
const CAPACITY = 60_000;

async function aRegistry() {
  const store = createMemoryStore();
  const clock = fakeClock();
  for (let n = 0; n < SERVERS; n++) {
    const key = `SRV#T:s${n}#0`;
    await store.write(key, { kind: 'create', gen: GEN, nowMs: 1 });
    const { server } = aServer({ id: `s${n}.0`, app: 'world', ipv4: `203.0.113.${n + 1}`, maxCapacity: CAPACITY });
    await store.place(key, server);
  }
  const writer = createRosterWriter({ store, clock });
  for (const beat of [1, 2]) {
    const addFree = beat === 1 ? CAPACITY : 0;
    const more = { addFree, hb: 0, sessions: 0, capacity: CAPACITY, state: 'ready' } as const;
    for (let n = 0; n < SERVERS; n++) {
      await store.write(`SRV#T:s${n}#0`, { kind: 'beat', gen: GEN, beat, ...more });
    }
    await writer.pass();
    clock.advance(4_000);
  }
  return store;
}

const settings = JSON.stringify({
  policy: 'rendezvous',
  defaultApp: 'world',
  unverifiedPerSecond: 1_000_000,
  perSourcePerSecond: 0,
});
const quiet = () => {};

describe('rendezvous', () => {
  it('gives one client one server, over UDP, over TCP and over HTTP', async () => {
    const store = await aRegistry();
    const config = parseRuntimeConfig(settings);
    const keys = { ...ticketKeys(new Uint8Array(32).fill(9)), mac: () => new Uint8Array(32) };
    const clock = fakeClock();
    const door = composeDoor({
      config,
      ownPort: 7_000,
      store,
      signer: keys.signer,
      cookieMac: keys.mac,
      clock,
      rng: seededRng(1),
    });
    await door.roster.refresh();
    const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
    const api = composeApi({
      config,
      store,
      watch: createMemoryWatchStore(),
      answers: createMemoryAnswerStore(),
      tellLeave: async () => true,
      keys,
      readKeys: async () => keys,
      clock,
      rng: seededRng(2),
      log,
    });
    const rng = seededRng(3);
    const ask = async (client: string, protocol: 6 | 17, port: number): Promise<string | undefined> => {
      const bytes = encodeRequest(
        {
          address: toWireAddress(Uint8Array.of(0, 0, 0, 0)),
          nonce: rng.bytes(8),
          client: new TextEncoder().encode(client),
        },
        { padTo: 1_200 },
      );
      const reply = await door.handle(bytes, { address: '198.51.100.7', port, protocol });
      const decoded = reply && decodePacket(reply, { expect: 'response' });
      return decoded?.ok && decoded.packet.kind === 'extended' ? decoded.packet.server : undefined;
    };

    const counts = new Map<string, number>();
    let same = 0;
    for (let n = 0; n < CLIENTS; n++) {
      const client = `client-${n}`;
      // Stock of a gateway is good for 10 s, and the answers' table for 30 s.
      if (n % 100 === 0) clock.advance(100);
      const udp = await ask(client, 17, 20_000 + n);
      const tcp = await ask(client, 6, 40_000 + (n % 1_000));
      const answer = await api({
        method: 'POST',
        path: '/v1/assignments',
        query: {},
        headers: { 'content-type': 'application/json' },
        sourceAddress: '203.0.113.200',
        body: JSON.stringify({ client }),
      });
      const { server } = JSON.parse(Buffer.from(answer.body).toString()) as { server?: { id: string } };
      if (udp !== undefined && udp === tcp && udp === server?.id) same++;
      counts.set(udp ?? '', (counts.get(udp ?? '') ?? 0) + 1);
    }
    expect(same).toBe(CLIENTS);
    expect(counts.size).toBe(SERVERS);
  });
});
