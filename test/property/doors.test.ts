import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ticketKeys } from '../../adapters/crypto/ticket-keys.ts';
import { createMemoryStore } from '../../adapters/memory/registry-store.ts';
import { parseRuntimeConfig } from '../../core/config/runtime-config.ts';
import type { PacketSource, RegistryStore } from '../../core/ports.ts';
import { createRosterWriter } from '../../core/registry/roster-pass.ts';
import type { ServerState } from '../../core/registry/row.ts';
import { formatAddress } from '../../core/wire/address.ts';
import { encodeClassic } from '../../core/wire/classic-packet.ts';
import { decodePacket } from '../../core/wire/decode.ts';
import { encodeRequest } from '../../core/wire/encode-request.ts';
import { composeDoor, type Door } from '../../door/compose.ts';
import { aServer } from '../support/builders.ts';
import { type FakeClock, fakeClock } from '../support/fake-clock.ts';
import { seededRng } from '../support/seeded-rng.ts';

const NAMES = ['192.0.2.1:17080', '192.0.2.2:17080', '192.0.2.3:17080'];
const { signer } = ticketKeys(new Uint8Array(32).fill(9));
const APP = 'world';
const LAST_BEAT = 6;

const aState = fc.constantFrom<ServerState>('ready', 'ready', 'ready', 'draining', 'starting');
const someServers = fc.array(
  fc.record({
    slot: fc.nat(2),
    state: aState,
    suspect: fc.nat(3).map((n) => n === 0),
    drainsUnseen: fc.nat(3).map((n) => n === 0),
    lastBeat: fc.integer({ min: 1, max: LAST_BEAT }),
    app: fc.nat(3),
  }),
  { minLength: 1, maxLength: 12 },
);
const aSource = fc.record({
  address: fc.uint8Array({ minLength: 4, maxLength: 4 }),
  port: fc.integer({ min: 10_000, max: 65_535 }),
  nonce: fc.uint8Array({ minLength: 8, maxLength: 8 }),
});
const policy = fc.constantFrom('stateless-3', 'stateless-5');
type Servers = typeof someServers extends fc.Arbitrary<infer T> ? T : never;
interface Source {
  readonly address: Uint8Array;
  readonly port: number;
  readonly nonce: Uint8Array;
}

/**
 * A registry with these servers and its roster; some servers stop beating on the way. `passed` is told of each beat, 4 s
 * after the one before.
 */
async function aRegistry(
  list: Servers,
  store: RegistryStore = createMemoryStore(),
  passed: (beat: number) => Promise<void> = async () => {},
): Promise<RegistryStore> {
  const clock = fakeClock();
  const writer = createRosterWriter({ store, clock });
  const beatAll = async (beat: number, which: (n: number) => boolean): Promise<void> => {
    for (const [n, { state }] of list.entries()) {
      if (!which(n)) continue;
      const addFree = beat === 1 ? 50 : 0;
      const more = { addFree, hb: 0, sessions: 0, capacity: 50, state } as const;
      await store.write(keyOf(list, n), { kind: 'beat', gen: '00000000000000aa', beat, ...more });
    }
    await writer.pass();
    await passed(beat);
    clock.advance(4_000);
  };
  for (const [n, { slot, app }] of list.entries()) {
    const key = keyOf(list, n);
    await store.write(key, { kind: 'create', gen: '00000000000000aa', nowMs: 1 });
    const id = `s${n}.${slot}`;
    await store.place(key, aServer({ id, app: app === 0 ? 'other' : APP, ipv4: `203.0.113.${n + 1}` }).server);
  }
  for (let beat = 1; beat <= LAST_BEAT; beat++) await beatAll(beat, (n) => beat <= list[n]!.lastBeat);
  for (const [n, { suspect }] of list.entries()) if (suspect) await store.suspect(keyOf(list, n), true);
  await writer.pass();
  return store;
}

/** Rows say that these servers drain, the roster does not yet. */
async function drainUnseen(list: Servers, store: RegistryStore): Promise<void> {
  for (const [n, { drainsUnseen, lastBeat }] of list.entries()) {
    if (!drainsUnseen) continue;
    const more = { beat: lastBeat + 1, addFree: 0, hb: 0, sessions: 0, capacity: 50, state: 'draining' } as const;
    await store.write(keyOf(list, n), { kind: 'beat', gen: '00000000000000aa', ...more });
  }
}

const keyOf = (list: Servers, n: number): string => `SRV#T:s${n}#${list[n]!.slot}`;

/** Three doors, each with a clock of its own that began elsewhere. */
async function threeDoors(store: RegistryStore, settings: object, live: ReadonlySet<number> = new Set([0, 1, 2])) {
  const doors: { readonly door: Door; readonly clock: FakeClock }[] = [];
  for (const self of NAMES.keys()) {
    const clock = fakeClock({ monoMs: 1_000 * (self + 1) ** 3 });
    const door = composeDoor({
      config: parseRuntimeConfig(JSON.stringify({ defaultApp: APP, doors: NAMES, ...settings })),
      ownPort: 7_000 + self,
      store,
      signer,
      cookieMac: () => new Uint8Array(32),
      peers: { self, isLive: (door) => live.has(door) },
      clock,
      rng: seededRng(self + 1),
    });
    await door.roster.refresh();
    doors.push({ door, clock });
  }
  return doors;
}

const classic = encodeClassic(new Uint8Array(4));
const udp = ({ address, port }: Source): PacketSource => ({ address: formatAddress(address), port, protocol: 17 });
const tcp = (source: Source): PacketSource => ({ ...udp(source), protocol: 6 });
function extended({ nonce }: Source): Uint8Array {
  const address = Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0]);
  return encodeRequest({ address, nonce, client: nonce }, { padTo: 1_200 });
}

/** The server's id in an extended answer, or the error's name. */
function serverIn(bytes: Uint8Array | undefined): string | undefined {
  const decoded = bytes && decodePacket(bytes, { expect: 'response' });
  if (!decoded?.ok || decoded.packet.kind !== 'extended') return undefined;
  return decoded.packet.server ?? decoded.packet.error?.reason;
}

describe('three doors with one roster', () => {
  it('give the same request the same server, whatever each of them did and when it read', async () => {
    let given = 0;
    await fc.assert(
      fc.asyncProperty(
        someServers,
        policy,
        fc.array(aSource, { minLength: 1, maxLength: 8 }),
        async (list, word, all) => {
          const store = createMemoryStore();
          const doors = await threeDoors(store, { policy: word });
          // Each reads a while after the writing, and not always the same: to its own clock the beats are older or younger.
          await aRegistry(list, store, async (beat) => {
            for (const [self, { door, clock }] of doors.entries()) {
              const lateMs = (self * beat * 900) % 3_600;
              clock.advance(lateMs);
              await door.roster.refresh();
              clock.advance(4_000 - lateMs);
            }
          });
          for (const { door } of doors) await door.roster.refresh();
          await drainUnseen(list, store);
          for (const [n, source] of all.entries()) {
            // Takes of one door teach it what the others do not know: that must not show. Over TCP, since each door judges
            // by what it sees whether sources of datagrams show a cookie first.
            await doors[n % 3]!.door.handle(extended(source), tcp(source));
            const answers = doors.map(({ door }) => door.handle(classic, udp(source)) as Uint8Array);
            if (answers[0]!.some((byte, at) => at >= 4 && byte !== 0)) given++;
            expect(answers[1]).toEqual(answers[0]);
            expect(answers[2]).toEqual(answers[0]);
            const named = await Promise.all(
              doors.map(async ({ door }) => serverIn(await door.handle(extended(source), tcp(source)))),
            );
            expect(new Set(named).size).toBe(1);
          }
        },
      ),
      { numRuns: 100 },
    );
    expect(given).toBeGreaterThan(20);
  });

  it('answer a request that all of them got exactly once, by every set of doors that live, and all alike', async () => {
    await fc.assert(
      fc.asyncProperty(
        someServers,
        policy,
        fc.array(aSource, { minLength: 1, maxLength: 6 }),
        async (list, word, all) => {
          const store = await aRegistry(list);
          const [single] = await threeDoors(store, { policy: word });
          for (const duty of ['all-receive', 'standby']) {
            for (const live of [[0, 1, 2], [0, 1], [0, 2], [1, 2], [0], [1], [2]]) {
              const doors = await threeDoors(store, { policy: word, duty }, new Set(live));
              for (const source of all) {
                const answers = live.flatMap(
                  (n) => (doors[n]!.door.handle(classic, udp(source)) as Uint8Array | undefined) ?? [],
                );
                expect(answers).toEqual([single!.door.handle(classic, udp(source))]);
                const named = await Promise.all(live.map((n) => doors[n]!.door.handle(extended(source), udp(source))));
                expect(named.filter((answer) => answer !== undefined)).toHaveLength(1);
              }
            }
          }
        },
      ),
      { numRuns: 15 },
    );
  });
});

describe('a door that takes over', () => {
  it('changes none of 10,000 answers, neither as standby nor for its share of all', async () => {
    const list: Servers = Array.from({ length: 7 }, () => ({
      slot: 0,
      state: 'ready',
      suspect: false,
      drainsUnseen: false,
      lastBeat: LAST_BEAT,
      app: 1,
    }));
    const store = await aRegistry(list);
    const rng = seededRng(20_010);
    const sources = Array.from({ length: 10_000 }, (_, n) => ({
      address: rng.bytes(4),
      port: 10_000 + n,
      nonce: rng.bytes(8),
    }));
    for (const duty of ['standby', 'all-receive']) {
      const live = new Set([0, 1, 2]);
      const doors = await threeDoors(store, { policy: 'stateless-5', duty }, live);
      const [reference] = await threeDoors(store, { policy: 'stateless-5' });
      for (const [n, source] of sources.entries()) {
        if (n === 5_000) live.delete(0);
        const answers = [...live].flatMap(
          (door) => (doors[door]!.door.handle(classic, udp(source)) as Uint8Array | undefined) ?? [],
        );
        expect(answers).toEqual([reference!.door.handle(classic, udp(source))]);
      }
    }
  });

  it('is silent without a roster, where another door has one', async () => {
    const store = createMemoryStore();
    const [first] = await threeDoors(store, { duty: 'standby' });
    expect(first!.door.handle(classic, { address: '198.51.100.1', port: 40_000, protocol: 17 })).toBeUndefined();
    expect(first!.door.counters.read()).toEqual({ 'off-duty': 1 });
    expect(first!.door.liveDoors()).toEqual(NAMES.slice(1));
  });
});
