import { describe, expect, it } from 'vitest';
import type { PacketSource } from '../../../core/ports.ts';
import { ALWAYS } from '../../../core/select/duty.ts';
import { encodeClassic } from '../../../core/wire/classic-packet.ts';
import { decodePacket } from '../../../core/wire/decode.ts';
import { encodeRequest } from '../../../core/wire/encode-request.ts';
import { createCounters } from '../../../door/counters.ts';
import { createGateway } from '../../../door/gateway.ts';
import { createOverload } from '../../../door/overload.ts';
import { seededRng } from '../../support/seeded-rng.ts';

const TYPE = 0xffff;
const udp: PacketSource = { address: '198.51.100.7', port: 40_000, protocol: 17 };
const CLASSIC = encodeClassic(Uint8Array.of(192, 168, 1, 7));
const SEAT = Uint8Array.of(1);

/** A gateway whose datagrams wait `ageMs`; extended requests that are served get one byte. */
function aGateway(ageMs: number) {
  const counters = createCounters();
  const overload = createOverload({ queueAgeMs: () => ageMs, rng: seededRng(1), counters, type: TYPE });
  const handle = createGateway({
    classic: { answer: () => CLASSIC, sweep() {} },
    extended: async () => SEAT,
    counters,
    type: TYPE,
    isProbePort: () => false,
    duty: ALWAYS,
    overload,
  });
  return { handle, counters };
}

function request(padTo = 800): Uint8Array {
  return encodeRequest({ address: new Uint8Array(16), nonce: new Uint8Array(8).fill(7) }, { padTo });
}

/** Of 1,000 extended requests, how many got a seat. */
async function served(ageMs: number): Promise<number> {
  const { handle } = aGateway(ageMs);
  const answers = await Promise.all(Array.from({ length: 1_000 }, () => handle(request(), udp)));
  return answers.filter((answer) => answer === SEAT).length;
}

describe('a gateway that has more to do than it can', () => {
  it('serves all while nobody waits, and fewer the longer they wait', async () => {
    expect(await Promise.all([0, 100, 175, 250, 600].map(served))).toEqual([
      1_000,
      1_000,
      expect.toSatisfy((count: number) => count > 400 && count < 600),
      0,
      0,
    ]);
  });

  it('refuses in words that any client knows, and never longer than the request', async () => {
    const { handle, counters } = aGateway(500);
    const decoded = decodePacket((await handle(request(), udp)) as Uint8Array, { expect: 'response' });
    expect(decoded).toMatchObject({ ok: true, packet: { error: { code: 5, reason: 'rate-limited' } } });
    if (!decoded.ok || decoded.packet.kind !== 'extended') throw new Error('no extended response');
    expect(decoded.packet.error?.retryAfterMs).toBeGreaterThanOrEqual(1_000);
    expect(await handle(request(31), udp)).toBeUndefined();
    expect(counters.read()).toEqual({ shed: 2 });
  });

  it('says nothing to a client that has asked again since, unless it waits on a stream', async () => {
    const { handle, counters } = aGateway(700);
    expect(await handle(request(), udp)).toBeUndefined();
    expect(await handle(request(), { ...udp, protocol: 6 })).toBeInstanceOf(Uint8Array);
    expect(counters.read()).toEqual({ 'shed-silent': 1, shed: 1 });
  });

  it('answers classic requests however long they wait: nothing costs less', () => {
    expect(aGateway(10_000).handle(CLASSIC, udp)).toBe(CLASSIC);
  });
});
