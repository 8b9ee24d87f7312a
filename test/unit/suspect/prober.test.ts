import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../../adapters/memory/registry-store.ts';
import { createMemoryWatchStore } from '../../../adapters/memory/watch-store.ts';
import { OnedoorError } from '../../../core/errors.ts';
import type { PacketSource } from '../../../core/ports.ts';
import { createClosedRoster } from '../../../core/suspect/closed-roster.ts';
import { TICK_MS } from '../../../core/suspect/detector.ts';
import { createMeetings } from '../../../core/suspect/meetings.ts';
import { createProber } from '../../../core/suspect/prober.ts';
import { toWireAddress } from '../../../core/wire/address.ts';
import { decodePacket } from '../../../core/wire/decode.ts';
import { encodeResponse } from '../../../core/wire/encode-response.ts';
import { createCounters } from '../../../door/counters.ts';
import type { ListedServer } from '../../support/build-view.ts';
import { aServer, aView } from '../../support/builders.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { seededRng } from '../../support/seeded-rng.ts';

const TYPE = 0xffff;
const IDS = ['a.0', 'b.0', 'c.0'];
const entryOf = (id: string, n: number): ListedServer => aServer({ id, ipv4: `203.0.113.${n + 1}`, suspect: false });

/** A gateway's prober over three servers, which answer at once as long as they live. */
async function aProber(options: { readonly watch?: ReturnType<typeof createMemoryWatchStore> } = {}) {
  const clock = fakeClock();
  const store = createMemoryStore();
  const dead = new Set<string>();
  const errors: unknown[] = [];
  const verdicts: [string, boolean][] = [];
  const degraded: boolean[] = [];
  const sent: { address: string; port: number; bytes: Uint8Array }[] = [];
  const entries = IDS.map(entryOf);
  for (const { key } of entries) await store.write(key, { kind: 'create', gen: 'g', nowMs: 1 });
  const world = { view: aView(entries), answerAs: (id: string) => id, isRegistryAway: false };
  const closed = createClosedRoster({ view: () => world.view, ageMs: () => 0, degraded: () => false });
  const counters = createCounters();
  const prober = createProber({
    roster: () => world.view,
    closed,
    store: {
      suspect: async (key, isSuspect) => {
        if (world.isRegistryAway) throw new OnedoorError('registry.unreachable');
        return store.suspect(key, isSuspect);
      },
    },
    watch: options.watch ?? createMemoryWatchStore(),
    send(bytes, address, port) {
      sent.push({ address, port, bytes });
      const server = entries.find((entry) => entry.server.ipv4 === address);
      const decoded = decodePacket(bytes, { expect: 'request', type: TYPE });
      if (!server || dead.has(server.server.id) || !decoded.ok || decoded.packet.kind !== 'extended') return;
      const fields = { address: toWireAddress(Uint8Array.of(203, 0, 113, 1)), nonce: decoded.packet.nonce.slice() };
      const encoded = encodeResponse(
        { ...fields, server: world.answerAs(server.server.id) },
        { maxBytes: 96, type: TYPE },
      );
      if (encoded.ok) answers.push({ bytes: encoded.bytes, source: { address, port, protocol: 17 } });
    },
    type: TYPE,
    clock,
    rng: seededRng(1),
    counters,
    onError: (error) => errors.push(error),
    onVerdict: (id, isSuspect) => verdicts.push([id, isSuspect]),
    onDegraded: (isDegraded) => degraded.push(isDegraded),
  });
  const answers: { bytes: Uint8Array; source: PacketSource }[] = [];
  const run = async (ms: number): Promise<void> => {
    for (let at = 0; at < ms; at += TICK_MS) {
      clock.advance(TICK_MS);
      for (const { bytes, source } of answers.splice(0)) prober.packet(bytes, source);
      prober.tick();
      if (at % 1_005 === 0) prober.sweep();
      await Promise.resolve();
    }
  };
  prober.sweep();
  const isOpen = (id: string) => closed.view().open[closed.view().indexOf.get(id) as number];
  const suspect = async (id: string) => (await store.get(entryOf(id, 0).key))?.suspect;
  return {
    degraded,
    prober,
    run,
    dead,
    closed,
    verdicts,
    errors,
    sent,
    world,
    entries,
    counters,
    isOpen,
    suspect,
    answers,
  };
}

describe('a gateway that probes', () => {
  it('sends what clients send as keepalives, to the public probe ports', async () => {
    const { run, sent } = await aProber();
    await run(2_000);
    expect(new Set(sent.map(({ address, port }) => `${address}:${port}`))).toEqual(
      new Set(['203.0.113.1:7000', '203.0.113.2:7000', '203.0.113.3:7000']),
    );
    const decoded = decodePacket(sent[0]!.bytes, { expect: 'request', type: TYPE });
    expect(sent[0]!.bytes).toHaveLength(96);
    expect(decoded).toMatchObject({ ok: true, packet: { kind: 'extended' } });
    expect(decoded.ok && 'ticket' in decoded.packet && decoded.packet.ticket).toBeFalsy();
  });

  it('closes a silent server for itself at once, tells the registry once, and opens it when it answers', async () => {
    const { run, dead, isOpen, suspect, verdicts, world, entries, prober } = await aProber();
    await run(2_000);
    dead.add('b.0');
    await run(2_000);
    expect([isOpen('a.0'), isOpen('b.0'), isOpen('c.0')]).toEqual([1, 0, 1]);
    expect(await suspect('b.0')).toBe(true);
    expect(prober.facts()).toMatchObject({ watched: 3, probers: 1, suspects: ['b.0'], degraded: false });
    // The next roster was written before the word came there.
    world.view = aView(entries, 2);
    expect(isOpen('b.0')).toBe(0);
    dead.delete('b.0');
    await run(1_000);
    world.view = aView(entries, 3);
    expect(isOpen('b.0')).toBe(1);
    expect(await suspect('b.0')).toBe(false);
    expect(verdicts).toEqual([
      ['b.0', true],
      ['b.0', false],
    ]);
  });

  it('lifts what others say of a server that answers', async () => {
    const { run, world, entries, verdicts } = await aProber();
    world.view = aView(
      entries.map((entry) => ({ ...entry, status: { ...entry.status, suspect: entry.server.id === 'c.0' } })),
    );
    await run(2_500);
    expect(verdicts).toEqual([['c.0', false]]);
  });

  it('tells again what the registry did not take', async () => {
    const { run, dead, world, suspect, errors } = await aProber();
    world.isRegistryAway = true;
    dead.add('a.0');
    await run(4_000);
    expect(errors.length).toBeGreaterThan(0);
    expect(await suspect('a.0')).toBe(false);
    world.isRegistryAway = false;
    await run(2_000);
    expect(await suspect('a.0')).toBe(true);
  });

  it('takes no other server’s answer, none from another port, and none that was not asked for', async () => {
    const { run, world, verdicts, prober, answers } = await aProber();
    await run(2_000);
    world.answerAs = (id) => (id === 'a.0' ? 'z.0' : id);
    await run(2_000);
    expect(verdicts).toEqual([['a.0', true]]);
    world.answerAs = (id) => id;
    await run(30);
    for (const { bytes, source } of answers.splice(0)) prober.packet(bytes, { ...source, port: 1 });
    prober.packet(new Uint8Array(3), { address: '203.0.113.1', port: 7_000, protocol: 17 });
    expect(verdicts).toHaveLength(1);
  });

  it('judges nobody while over half of the servers are dark, and says so', async () => {
    const { run, dead, isOpen, verdicts, degraded, prober } = await aProber();
    await run(2_000);
    dead.add('a.0').add('b.0');
    await run(5_000);
    expect([isOpen('a.0'), isOpen('b.0'), prober.facts().degraded]).toEqual([1, 1, true]);
    dead.clear();
    await run(2_000);
    expect([verdicts, degraded]).toEqual([[], [true, false]]);
  });

  it('leaves to the roster what it watches no more', async () => {
    const { run, dead, world, entries, isOpen, prober } = await aProber();
    dead.add('a.0');
    await run(3_000);
    world.view = aView(
      entries.map((entry) => ({
        ...entry,
        status: { ...entry.status, state: 'draining' as const },
      })),
      2,
    );
    await run(2_000);
    expect(prober.facts()).toMatchObject({ watched: 0, suspects: [] });
    world.view = aView(entries, 3);
    expect(isOpen('a.0')).toBe(1);
  });
});

describe('gateways that meet', () => {
  it('share the servers, and take over those of one that is silent for 15 s', async () => {
    const watch = createMemoryWatchStore();
    await watch.meet('other', 1, []);
    const { run, prober } = await aProber({ watch });
    await run(6_000);
    expect(prober.facts().probers).toBe(2);
    await run(16_000);
    expect(prober.facts().probers).toBe(1);
    await run(60_000);
    expect([...(await watch.probers()).keys()]).toHaveLength(1);
  });

  it('count by whether their words change, whatever clock they are from', () => {
    const meetings = createMeetings();
    meetings.heard(
      new Map([
        ['a', 9e12],
        ['b', 1],
      ]),
      0,
    );
    meetings.heard(
      new Map([
        ['a', 9e12],
        ['b', 2],
      ]),
      14_000,
    );
    expect(meetings.live(14_999)).toEqual(['a', 'b']);
    expect(meetings.live(15_000)).toEqual(['b']);
    expect(meetings.gone(60_000)).toEqual(['a']);
    meetings.heard(new Map([['b', 2]]), 60_000);
    expect(meetings.gone(200_000)).toEqual(['b']);
  });
});
