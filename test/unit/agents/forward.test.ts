import { describe, expect, it } from 'vitest';
import { ticketKeys } from '../../../adapters/crypto/ticket-keys.ts';
import { createCounters } from '../../../agents/counters.ts';
import { ForwardDesk, type ForwardDeskOptions } from '../../../agents/forward.ts';
import { parseAddress, toWireAddress } from '../../../core/wire/address.ts';
import { decodePacket } from '../../../core/wire/decode.ts';
import { encodeForward } from '../../../core/wire/encode-request.ts';
import { type ExtendedRequest, FORWARD } from '../../../core/wire/packet.ts';
import { PLACEMENT, signer, ticketOf, verify } from '../../support/agent-scene.ts';
import { fakeClock } from '../../support/fake-clock.ts';

const CLIENT = '198.51.100.9';
const CLAIM = { gen: 'aa', serial: 1, sub: 'ann' };

interface Words {
  readonly nonce?: number;
  readonly flags?: number;
  readonly room?: number;
  readonly port?: number;
  readonly pick?: string;
  readonly ticket?: string;
  readonly by?: typeof signer;
  readonly spoil?: number;
}

function aDesk(options: Partial<ForwardDeskOptions> = {}) {
  const clock = fakeClock();
  const counters = createCounters();
  const sent: { bytes: Uint8Array; to: string }[] = [];
  const calls: string[] = [];
  const desk = new ForwardDesk({
    type: 0xffff,
    iss: 'onedoor',
    keepalive: { intervalSeconds: 20, transmissions: 10, timeoutMs: 700 },
    placement: () => PLACEMENT,
    isAlive: () => true,
    verify,
    clock,
    enter: (_ticket, shown) => {
      calls.push(`enter ${shown}`);
      return { ok: true, resumed: false };
    },
    mayCheck: () => true,
    send: (bytes, address, port) => void sent.push({ bytes, to: `${address} ${port}` }),
    hook: (address, port) => void calls.push(`hook ${address} ${port}`),
    counters,
    ...options,
  });
  const ticketNow = (): string => ticketOf(CLAIM, { wallMs: clock.wallMs() });
  const tell = (words: Words = {}): void => {
    const { nonce = 1, flags = FORWARD.answer, room = 800, port = 40_000, pick = PLACEMENT.id } = words;
    const address = toWireAddress(parseAddress('10.0.0.1')!);
    const { packet, signed } = encodeForward(
      {
        address,
        nonce: new Uint8Array(8).fill(nonce),
        client: Buffer.from('ann'),
        ticket: words.ticket ?? ticketNow(),
        pick,
      },
      { address: toWireAddress(parseAddress(CLIENT)!), port, flags, room },
    );
    packet.set((words.by ?? signer).sign(signed), signed.length);
    if (words.spoil !== undefined) packet[words.spoil]! ^= 1;
    const decoded = decodePacket(packet, { expect: 'request' });
    if (!decoded.ok || decoded.packet.kind !== 'extended') throw new Error(JSON.stringify(decoded));
    const request = decoded.packet as ExtendedRequest;
    desk.take(request, request.forward!);
  };
  return { clock, sent, calls, tell, ticketNow, counts: counters.read };
}

describe('a forward that asks for the answer', () => {
  it('is answered to the client with all that the door would have said, within the room of its request', () => {
    const { tell, sent, calls, counts, ticketNow } = aDesk();
    tell({ room: 800 });
    expect(sent.map(({ to }) => to)).toEqual([`${CLIENT} 40000`]);
    expect(sent[0]!.bytes.length).toBeLessThanOrEqual(800);
    const answer = decodePacket(sent[0]!.bytes, { expect: 'response' });
    expect(answer).toMatchObject({
      ok: true,
      packet: {
        server: PLACEMENT.id,
        ticket: ticketNow(),
        address: toWireAddress(parseAddress(PLACEMENT.ipv4!)!),
        nonce: new Uint8Array(8).fill(1),
        ports: [
          { role: 0, port: 27_000 },
          { role: 1, port: 7_000 },
        ],
        keepalive: { intervalSeconds: 20 },
      },
    });
    expect(calls).toEqual([]);
    expect(counts()).toEqual({ 'answered.forward': 1 });
  });

  it('names the alternates of its ticket, as far as their places are known and there is room', () => {
    const [b, c] = ['i-b.0', 'i-c.0'].map((id, n) => ({ ...PLACEMENT, id, ipv4: `203.0.113.${50 + n}` }));
    const asked: (readonly string[])[] = [];
    const places = (ids: readonly string[]) => {
      asked.push(ids);
      return [b!, c!];
    };
    const { tell, sent, clock } = aDesk({ places });
    const ticket = ticketOf(CLAIM, { wallMs: clock.wallMs(), alternates: ['i-b.0', 'i-c.0'] });
    tell({ ticket });
    tell({ ticket, nonce: 2, room: sent[0]!.bytes.length - 1 });
    expect(asked).toEqual([
      ['i-b.0', 'i-c.0'],
      ['i-b.0', 'i-c.0'],
    ]);
    const addresses = sent.map(({ bytes }) => {
      const decoded = decodePacket(bytes, { expect: 'response' });
      if (!decoded.ok || decoded.packet.kind !== 'extended' || decoded.packet.role !== 'response') throw new Error();
      return decoded.packet.alternates?.map(({ address }) => address.at(-1));
    });
    expect(addresses).toEqual([[50, 51], [50]]);
  });

  it('is never answered by more bytes than the client had sent', () => {
    const { tell, sent, counts } = aDesk();
    tell({ room: 100 });
    expect(sent).toEqual([]);
    expect(counts()).toEqual({ 'forward.no-room': 1 });
  });

  it('is followed once for each nonce', () => {
    const { tell, sent, clock, counts } = aDesk();
    tell();
    tell();
    tell({ nonce: 2 });
    clock.advance(59_000);
    tell();
    expect(sent).toHaveLength(2);
    expect(counts()).toMatchObject({ 'forward.replayed': 2 });
  });

  it('is too old after a minute, which is as long as nonces are known', () => {
    const { tell, sent, clock, ticketNow, counts } = aDesk();
    const ticket = ticketNow();
    clock.advance(61_500);
    tell({ ticket });
    expect(sent).toEqual([]);
    expect(counts()).toEqual({ 'forward.old': 1 });
  });

  it('is dropped before its signature is looked at when there are too many', () => {
    const { tell, counts } = aDesk({ mayCheck: () => false, verify: () => expect.unreachable() });
    tell();
    expect(counts()).toEqual({ 'forward.busy': 1 });
  });

  const stranger = ticketKeys(new Uint8Array(32).fill(9)).signer;
  const faults: readonly (readonly [string, Words])[] = [
    ['forged', { by: { ...stranger } }],
    // A bit of the Address, which nothing else looks at.
    ['forged', { spoil: 19 }],
    ['wrong-server', { pick: 'i-b.0' }],
    ['no-ticket', { ticket: 'nonsense' }],
    [
      'ticket.wrong-server',
      { ticket: ticketOf(CLAIM, { wallMs: fakeClock().wallMs(), server: { ...PLACEMENT, id: 'i-b.0' } }) },
    ],
    ['ticket.wrong-deployment', { ticket: ticketOf(CLAIM, { wallMs: fakeClock().wallMs(), iss: 'other' }) }],
    ['ticket.clock', { ticket: ticketOf(CLAIM, { wallMs: fakeClock().wallMs() + 60_000 }) }],
  ];
  for (const [reason, words] of faults) {
    it(`is counted as ${reason} and dropped: ${Object.keys(words)}`, () => {
      const { tell, sent, calls, counts } = aDesk();
      tell({ flags: 3, ...words });
      expect({ sent, calls }).toEqual({ sent: [], calls: [] });
      expect(counts()).toEqual({ [`forward.${reason}`]: 1 });
    });
  }

  it('is dropped with any bit of it changed', () => {
    for (let at = 31; at < 200; at++) {
      const { tell, sent } = aDesk();
      try {
        tell({ spoil: at });
      } catch {
        continue;
      }
      expect(sent).toEqual([]);
    }
  });

  it('is met with silence while the game is dead or the server not known', () => {
    const dead = aDesk({ isAlive: () => false });
    dead.tell();
    const unknown = aDesk({ placement: () => undefined });
    unknown.tell();
    expect([...dead.sent, ...unknown.sent]).toEqual([]);
    expect([dead.counts(), unknown.counts()]).toEqual([{ 'forward.game-dead': 1 }, { 'forward.not-verified': 1 }]);
  });
});

describe('a note', () => {
  it('makes the seat a session, sends one byte and runs the operator’s program', () => {
    const { tell, sent, calls, counts } = aDesk();
    tell({ flags: FORWARD.note });
    expect(sent).toEqual([{ bytes: new Uint8Array(1), to: `${CLIENT} 40000` }]);
    expect(calls).toEqual(['enter YW5u', `hook ${CLIENT} 40000`]);
    expect(counts()).toEqual({ noted: 1, punched: 1 });
  });

  it('sends nothing more where it is answered too, and nothing at all to a client without a port', () => {
    const both = aDesk();
    both.tell({ flags: FORWARD.note | FORWARD.answer });
    expect(both.sent).toHaveLength(1);
    const byTcp = aDesk();
    byTcp.tell({ flags: FORWARD.note, port: 0 });
    expect(byTcp.sent).toEqual([]);
    expect(byTcp.calls).toEqual(['enter YW5u', `hook ${CLIENT} 0`]);
  });
});
