import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCounters } from '../../../agents/counters.ts';
import type { Entry } from '../../../agents/entry.ts';
import { type KeepaliveOptions, KeepaliveResponder } from '../../../agents/keepalive.ts';
import { refuse } from '../../../core/errors.ts';
import type { PacketSource } from '../../../core/ports.ts';
import { toBase64Url } from '../../../core/ticket/base64url.ts';
import { toWireAddress } from '../../../core/wire/address.ts';
import { decodePacket } from '../../../core/wire/decode.ts';
import { encodeForward, encodeRequest } from '../../../core/wire/encode-request.ts';
import { paginateLobby } from '../../../core/wire/lobby-page.ts';
import type { ExtendedResponse, RequestFields } from '../../../core/wire/packet.ts';
import { PLACEMENT } from '../../support/agent-scene.ts';

const UDP: PacketSource = { address: '198.51.100.1', port: 40_000, protocol: 17 };
const TCP: PacketSource = { ...UDP, protocol: 6 };
const NONCE = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
const IPV4 = Uint8Array.from([...Array(10).fill(0), 255, 255, 10, 0, 0, 1]);
const IPV6 = Uint8Array.from([0x20, 0x01, 0x0d, 0xb8, ...Array(11).fill(0), 1]);

interface Agent {
  readonly counts: () => Readonly<Record<string, number>>;
  readonly calls: string[];
  ask(bytes: Uint8Array, source?: PacketSource): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** The extended answer, or undefined for silence. */
  keepalive(
    fields?: Partial<RequestFields>,
    padTo?: number,
    source?: PacketSource,
  ): Promise<ExtendedResponse | undefined>;
}

function anAgent(options: Partial<KeepaliveOptions> = {}): Agent {
  const counters = createCounters();
  const calls: string[] = [];
  const responder = new KeepaliveResponder({
    type: 0xffff,
    isProbePort: (port) => port >= 7_000 && port < 7_064,
    keepalive: { intervalSeconds: 20, transmissions: 10, timeoutMs: 700 },
    placement: () => PLACEMENT,
    isAlive: () => true,
    heard: (sub) => void calls.push(`heard ${sub}`),
    enter: (ticket, shown): Entry => {
      calls.push(`enter ${ticket} ${shown}`);
      return { ok: true, resumed: false };
    },
    leave: (ticket, shown) => {
      calls.push(`leave ${ticket} ${shown}`);
      return { ok: true };
    },
    lobby: () =>
      paginateLobby({
        version: 1,
        app: 'arena',
        world: 'w1',
        sessions: 0,
        capacity: 4,
        description: '',
        participants: [],
      }),
    moving: () => undefined,
    mayCheck: () => true,
    forward: ({ pick }) => void calls.push(`forward ${pick}`),
    counters,
    ...options,
  });
  return {
    counts: counters.read,
    calls,
    ask: (bytes, source = UDP) => responder.respond(bytes, source),
    async keepalive(fields = {}, padTo = 96, source = UDP) {
      const request = encodeRequest({ address: IPV4, nonce: NONCE, ...fields }, { padTo });
      const bytes = await responder.respond(request, source);
      if (!bytes) return undefined;
      if (source.protocol === 17) expect(bytes.length).toBeLessThanOrEqual(request.length);
      const decoded = decodePacket(bytes, { expect: 'response' });
      if (!decoded.ok || decoded.packet.kind !== 'extended') throw new Error(JSON.stringify(decoded));
      expect([...decoded.packet.nonce]).toEqual([...NONCE]);
      return decoded.packet;
    },
  };
}

const hex = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString('hex');

describe('a classic keepalive', () => {
  const v4 = Buffer.from('0008ffff0a000001', 'hex');
  const v6 = Buffer.from(`0014ffff${'20010db8'.padEnd(32, '0')}`, 'hex');

  it('is answered in kind, with the own address or none', async () => {
    const agent = anAgent();
    expect(hex(await agent.ask(v4))).toBe('0008ffffcb007107');
    expect(hex(await agent.ask(v6))).toBe(`0014ffff${'0'.repeat(32)}`);
    const dual = anAgent({ placement: () => ({ ...PLACEMENT, ipv6: '2001:db8::7' }) });
    expect(hex(await dual.ask(v6))).toBe('0014ffff20010db8000000000000000000000007');
  });

  it('is met with silence while the game is dead, the server unknown, or the source a probe port', () => {
    const dead = anAgent({ isAlive: () => false });
    expect(dead.ask(v4)).toBeUndefined();
    expect(dead.counts()).toEqual({ 'silent.game-dead': 1 });
    const unknown = anAgent({ placement: () => undefined });
    expect(unknown.ask(v4)).toBeUndefined();
    expect(unknown.counts()).toEqual({ 'silent.not-verified': 1 });
    const agent = anAgent();
    expect(agent.ask(v4, { ...UDP, port: 7_063 })).toBeUndefined();
    expect(agent.counts()).toEqual({ 'dropped.probe-port': 1 });
    expect(agent.ask(v4, { ...TCP, port: 7_063 })).toBeDefined();
  });
});

describe('an extended keepalive', () => {
  it('is answered with id, ports and timing in its 96 bytes', async () => {
    const answer = await anAgent().keepalive({ client: Buffer.from('ann') });
    expect(answer).toMatchObject({
      server: 'i-a.0',
      ports: [
        { role: 0, port: 27_000 },
        { role: 1, port: 7_000 },
      ],
      keepalive: { intervalSeconds: 20, transmissions: 10, timeoutMs: 700 },
    });
    expect(hex(answer?.address)).toBe('00000000000000000000ffffcb007107');
    expect(answer?.otherAddress).toBeUndefined();
  });

  it('gets the address of the family it asks for, and the other beside it', async () => {
    const agent = anAgent({ placement: () => ({ ...PLACEMENT, ipv6: '2001:db8::7' }) });
    expect(hex((await agent.keepalive({ address: IPV6 }))?.address)).toBe('20010db8000000000000000000000007');
    expect(hex((await agent.keepalive())?.otherAddress)).toBe('20010db8000000000000000000000007');
    expect(hex((await anAgent().keepalive({ address: IPV6 }))?.address)).toBe('00000000000000000000ffffcb007107');
  });

  it('gets less where it has less room, and nothing where nothing fits', async () => {
    const agent = anAgent();
    expect(await agent.keepalive({}, 54)).toMatchObject({ server: 'i-a.0', keepalive: { timeoutMs: 700 } });
    expect((await agent.keepalive({}, 54))?.ports).toBeUndefined();
    expect((await agent.keepalive({}, 40))?.keepalive).toBeUndefined();
    expect(await agent.keepalive({}, 0)).toBeUndefined();
    expect(agent.counts()).toMatchObject({ 'silent.request-too-small': 1 });
    expect((await agent.keepalive({}, 0, TCP))?.ports).toHaveLength(2);
  });

  it('tells who is still there', async () => {
    const agent = anAgent();
    await agent.keepalive({ client: Buffer.from('ann') });
    await agent.keepalive();
    expect(agent.calls).toEqual([`heard ${toBase64Url(Buffer.from('ann'))}`]);
  });

  it('brings a ticket to whoever admits, at once or later', async () => {
    const agent = anAgent();
    expect((await agent.keepalive({ ticket: 't', client: Buffer.from('ann') }))?.server).toBe('i-a.0');
    await agent.keepalive({ ticket: 'u' });
    expect(agent.calls.slice(1)).toEqual([`enter t ${toBase64Url(Buffer.from('ann'))}`, 'enter u undefined']);
    const slow = anAgent({ enter: async () => ({ ok: true, resumed: false }) });
    expect((await slow.keepalive({ ticket: 't' }))?.server).toBe('i-a.0');
  });

  it.each([
    [7, 'ticket.in-use'],
    [7, 'ticket.forged'],
    [7, 'agent.draining'],
    [8, 'ticket.clock'],
    [1, 'agent.full'],
    [6, 'agent.not-ready'],
    [6, 'registry.unreachable'],
  ] as const)('gets error %i for %s, with all zeroes for an address', async (code, reason) => {
    const agent = anAgent({ enter: () => refuse(reason, { retryAfterMs: 250 }) });
    const answer = await agent.keepalive({ ticket: 't' });
    expect(answer?.error).toEqual({ code, retryAfterMs: 250, reason });
    expect(hex(answer?.address)).toBe('0'.repeat(32));
    expect(agent.counts()).toEqual({ [`refused.${reason}`]: 1 });
  });

  it('gives a seat back also when the game is dead, and is then not answered', async () => {
    const agent = anAgent({ isAlive: () => false });
    expect(await agent.keepalive({ ticket: 't', leave: true })).toBeUndefined();
    expect(agent.calls).toEqual(['leave t undefined']);
    expect((await anAgent().keepalive({ ticket: 't', leave: true }))?.server).toBe('i-a.0');
    const forged = anAgent({ leave: () => refuse('ticket.forged') });
    expect((await forged.keepalive({ ticket: 't', leave: true }))?.error?.code).toBe(7);
  });

  it('is not looked at further when too many tickets are shown', async () => {
    const agent = anAgent({ mayCheck: () => false });
    expect(await agent.keepalive({ ticket: 't' })).toBeUndefined();
    expect(agent.calls).toEqual([]);
    expect((await agent.keepalive())?.server).toBe('i-a.0');
  });

  it('of a door that hands a client on is not taken for the client', () => {
    const agent = anAgent();
    const fields = { address: IPV4, nonce: NONCE, ticket: 't', pick: 'i-a.0' };
    const { packet } = encodeForward(fields, { address: IPV4, port: 1, flags: 1, room: 800 });
    expect(agent.ask(packet)).toBeUndefined();
    expect(agent.calls).toEqual(['forward i-a.0']);
  });

  it('asks for a page of the lobby; one that is not there is the last', async () => {
    const participants = Array.from({ length: 100 }, (_, n) => ({ name: `player ${n} of this server`, info: '' }));
    const pages = paginateLobby({
      version: 9,
      app: 'arena',
      world: 'w1',
      sessions: 100,
      capacity: 100,
      description: '',
      participants,
    });
    const agent = anAgent({ lobby: () => pages });
    expect((await agent.keepalive({ want: 2 }, 1_200))?.lobbyPage).toMatchObject({ page: 0, pages: pages.length });
    expect((await agent.keepalive({ want: 2, page: 99 }, 1_200))?.lobbyPage).toEqual(pages.at(-1));
    expect((await agent.keepalive({ want: 2 }, 96))?.error?.code).toBe(4);
  });
});

describe('any bytes at all', () => {
  it('get silence or an answer that is no longer, and are counted', async () => {
    const agent = anAgent();
    let asked = 0;
    const like = fc
      .tuple(fc.constantFrom(8, 20, 31, 96), fc.uint8Array({ minLength: 96, maxLength: 96 }))
      .map(([size, bytes]) => {
        const packet = bytes.slice(0, size);
        packet.set([0, size, 255, 255]);
        return packet;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 1_300 }), like), (bytes) => {
        asked++;
        const answer = agent.ask(bytes);
        if (answer instanceof Uint8Array) expect(answer.length).toBeLessThanOrEqual(bytes.length);
        else expect(answer).toBeUndefined();
      }),
    );
    expect(Object.values(agent.counts()).reduce((sum, count) => sum + count, 0)).toBe(asked);
  });
});

describe('an agent whose server drains', () => {
  const next = {
    address: toWireAddress(Uint8Array.of(203, 0, 113, 99)),
    ticket: 't'.repeat(500),
    server: 'i-next.0',
    ports: [
      { role: 0, port: 27_001 },
      { role: 1, port: 7_001 },
    ],
    keepalive: { intervalSeconds: 20, transmissions: 10, timeoutMs: 700 },
  };

  it('says how long it will last, still under its own name, until there is a seat elsewhere', async () => {
    const agent = anAgent({ moving: () => ({ movingMs: 60_000 }) });
    expect(await agent.keepalive({ client: Uint8Array.of(1) })).toMatchObject({ server: 'i-a.0', movingMs: 60_000 });
  });

  it('asks for more room when there is one, and then names the next server with its ticket', async () => {
    const asked: unknown[] = [];
    const moving: KeepaliveOptions['moving'] = (shown, family) => {
      asked.push([shown, family]);
      return { movingMs: 59_000, next };
    };
    const agent = anAgent({ moving });
    const short = await agent.keepalive({ client: Uint8Array.of(1) });
    expect(short).toMatchObject({ address: new Uint8Array(16), movingMs: 59_000 });
    expect([short?.server, short?.ticket]).toEqual([undefined, undefined]);
    expect(await agent.keepalive({ client: Uint8Array.of(1) }, 800)).toMatchObject({ ...next, movingMs: 59_000 });
    expect(asked).toEqual(Array(2).fill(['AQ', 4]));
    expect(agent.counts()).toMatchObject({ 'answered.moving': 1, 'answered.moved': 1 });
  });
});
