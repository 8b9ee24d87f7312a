import { createMemoryStore } from '../../adapters/memory/registry-store.ts';
import { createCounters } from '../../agents/counters.ts';
import { createPeerProber } from '../../agents/peer-prober.ts';
import { createRosterWriter } from '../../core/registry/roster-pass.ts';
import { createRosterReader, type RosterReader } from '../../core/registry/roster-reader.ts';
import { rowKey } from '../../core/registry/row.ts';
import { TICK_MS } from '../../core/suspect/detector.ts';
import { toWireAddress } from '../../core/wire/address.ts';
import { decodePacket } from '../../core/wire/decode.ts';
import { encodeResponse } from '../../core/wire/encode-response.ts';
import { aServer } from './builders.ts';
import { fakeClock } from './fake-clock.ts';
import { seededRng } from './seeded-rng.ts';

const TYPE = 0xffff;
const SECOND_MS = 1_000;
const QUIET = { info() {}, error() {} };

/** Machines without gateways on a virtual clock: each probes, writes its own row, and reads the roster of all of them. */
export async function aPeerWorld(count: number, options: { loss?: number; seed?: number } = {}) {
  const { loss = 0, seed = 1 } = options;
  const clock = fakeClock();
  const rng = seededRng(seed);
  const store = createMemoryStore();
  const writer = createRosterWriter({ store, clock });
  const reader: RosterReader = createRosterReader({ readRoster: store.readRoster, clock, refreshMs: 0 });
  const dead = new Set<string>();
  /** Machines whose packets get nowhere. */
  const cutOff = new Set<string>();
  const machines = await Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const name = `m-${n}`;
      const key = rowKey(`op:${name}`, 0);
      const ipv4 = `203.0.113.${n + 1}`;
      const { server } = aServer({ id: `${name}.0`, ipv4 });
      await store.enrol(key, server);
      const made = await store.write(key, { kind: 'create', gen: `${n}`, nowMs: 1 });
      return { name, key, id: server.id, ipv4, beat: made.row!.seats!.beat, said: '' };
    }),
  );
  const inbox: { atMs: number; to: string; bytes: Uint8Array; from: string; port: number }[] = [];
  const watches = machines.map((machine, n) =>
    createPeerProber({
      machine: machine.name,
      view: reader.view,
      packetType: TYPE,
      clock,
      rng: seededRng(seed * 1_000 + n),
      log: QUIET as never,
      counters: createCounters(),
      send(bytes, address, port) {
        const peer = machines.find(({ ipv4 }) => ipv4 === address);
        const isLost = rng.float() < loss || rng.float() < loss;
        if (!peer || dead.has(peer.name) || isLost || cutOff.has(machine.name) || cutOff.has(peer.name)) return;
        const decoded = decodePacket(bytes, { expect: 'request', type: TYPE });
        if (!decoded.ok || decoded.packet.kind !== 'extended') return;
        const nonce = decoded.packet.nonce.slice();
        const fields = { address: toWireAddress(Uint8Array.of(203, 0, 113, 1)), nonce, server: peer.id };
        const answer = encodeResponse(fields, { maxBytes: 96, type: TYPE });
        if (answer.ok) {
          inbox.push({ atMs: clock.monoMs() + 30, to: machine.name, bytes: answer.bytes, from: address, port });
        }
      },
    }),
  );
  const beat = async (n: number): Promise<void> => {
    const machine = machines[n]!;
    if (dead.has(machine.name)) return;
    const sees = watches[n]!.sees();
    const isNews = sees.join() !== machine.said;
    const reply = await store.write(machine.key, {
      ...{
        kind: 'beat',
        gen: `${n}`,
        beat: machine.beat,
        addFree: 0,
        hb: 0,
        sessions: 0,
        capacity: 10,
        state: 'ready',
      },
      ...(isNews && { sees }),
    });
    machine.said = sees.join();
    machine.beat = reply.row!.seats!.beat;
  };
  const second = async (): Promise<void> => {
    for (const n of machines.keys()) await beat(n);
    await writer.pass();
    await reader.refresh();
    for (const [n, { prober }] of watches.entries()) if (!dead.has(machines[n]!.name)) prober.sweep();
  };
  const run = async (ms: number): Promise<void> => {
    for (let at = 0; at < ms; at += TICK_MS) {
      clock.advance(TICK_MS);
      const due = inbox.filter(({ atMs }) => atMs <= clock.monoMs());
      for (const { to, bytes, from, port } of due) {
        inbox.splice(0, 1);
        const n = machines.findIndex(({ name }) => name === to);
        watches[n]!.prober.packet(bytes, { address: from, port, protocol: 17 });
      }
      for (const [n, { prober }] of watches.entries()) if (!dead.has(machines[n]!.name)) prober.tick();
      if (Math.floor(clock.monoMs() / SECOND_MS) !== Math.floor((clock.monoMs() - TICK_MS) / SECOND_MS)) await second();
    }
  };
  const suspects = (): readonly string[] => {
    const view = reader.view();
    return view.entries.filter((_, index) => view.suspect[index] === 1).map(({ server }) => server.id);
  };
  await second();
  return { run, dead, cutOff, suspects, machines, watches, store, clock };
}
