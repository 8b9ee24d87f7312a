import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openTcp } from '../../../adapters/tcp/tcp-endpoint.ts';
import { Moving } from '../../../agents/moving.ts';
import { type AskForSeat, createAskForSeat } from '../../../agents/next-seat.ts';
import type { PacketHandler } from '../../../core/ports.ts';
import { toBase64Url } from '../../../core/ticket/base64url.ts';
import { toWireAddress } from '../../../core/wire/address.ts';
import { decodePacket } from '../../../core/wire/decode.ts';
import { encodeResponse } from '../../../core/wire/encode-response.ts';
import type { ExtendedResponse, ResponseFields } from '../../../core/wire/packet.ts';
import { PLACEMENT } from '../../support/agent-scene.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { seededRng } from '../../support/seeded-rng.ts';

const TYPE = 0xffff;
const ANN = Uint8Array.of(1, 2, 3);
const SUB = toBase64Url(ANN);
const GIVEN = { address: toWireAddress(Uint8Array.of(203, 0, 113, 9)), ticket: 'a-ticket', server: 'i-next.0' };

function aMoving(ask: AskForSeat) {
  const clock = fakeClock();
  const errors: unknown[] = [];
  const moving = new Moving({
    ask,
    placement: () => PLACEMENT,
    plays: (sub) => sub === SUB,
    drainMs: 60_000,
    holdMs: 10_000,
    clock,
    onError: (error) => errors.push(error),
  });
  return { moving, clock, errors };
}

const granted = (): AskForSeat & { readonly asked: unknown[] } => {
  const asked: unknown[] = [];
  const ask: AskForSeat = async (...args) => {
    asked.push(args);
    const fields: ResponseFields = { ...GIVEN, nonce: new Uint8Array(8) };
    return { kind: 'extended', role: 'response', length: 0, ...fields } satisfies ExtendedResponse;
  };
  return Object.assign(ask, { asked });
};

describe('a server that moves its clients', () => {
  it('says nothing before it drains, and nothing after it is ready again', () => {
    const { moving } = aMoving(granted());
    expect([moving.isOn, moving.of(SUB, 4)]).toEqual([false, undefined]);
    moving.begin();
    moving.end();
    expect([moving.isOn, moving.of(SUB, 4)]).toEqual([false, undefined]);
  });

  it('asks the door at a client’s keepalive, and has the seat at the next one, until W is over', async () => {
    const ask = granted();
    const { moving, clock } = aMoving(ask);
    moving.begin();
    expect(moving.of(SUB, 4)).toEqual({ movingMs: 60_000 });
    await pause(0);
    clock.advance(2_000);
    moving.begin();
    expect(moving.of(SUB, 4)).toMatchObject({ movingMs: 58_000, next: { server: 'i-next.0', ticket: 'a-ticket' } });
    expect(moving.of(SUB, 4)?.next).toBeDefined();
    expect(ask.asked).toEqual([[ANN, 4, PLACEMENT]]);
    clock.advance(8_000);
    expect(moving.of(SUB, 4)?.next).toBeUndefined();
    await pause(0);
    expect(ask.asked).toHaveLength(2);
    clock.advance(60_000);
    expect(moving.of(SUB, 4)?.movingMs).toBe(0);
  });

  it('takes no seat for those who do not play here, or say not who they are', async () => {
    const ask = granted();
    const { moving } = aMoving(ask);
    moving.begin();
    expect(moving.of(undefined, 4)).toEqual({ movingMs: 60_000 });
    expect(moving.of(toBase64Url(Uint8Array.of(9)), 4)).toEqual({ movingMs: 60_000 });
    await pause(0);
    expect(ask.asked).toEqual([]);
  });

  it('asks one at a time for each client, and not again before the door or 2 s say so', async () => {
    let asked = 0;
    const { moving, clock, errors } = aMoving(async () => {
      asked++;
      if (asked === 1) throw new Error('the door is away');
      return { retryAfterMs: 5_000 };
    });
    moving.begin();
    moving.of(SUB, 4);
    moving.of(SUB, 4);
    await pause(0);
    expect([asked, errors.length]).toEqual([1, 1]);
    clock.advance(1_999);
    moving.of(SUB, 4);
    expect(asked).toBe(1);
    clock.advance(1);
    moving.of(SUB, 4);
    await pause(0);
    clock.advance(4_999);
    moving.of(SUB, 4);
    expect(asked).toBe(2);
    clock.advance(1);
    moving.of(SUB, 4);
    expect(asked).toBe(3);
  });
});

describe('asking the door for a seat', () => {
  async function aDoor(handler: PacketHandler) {
    const door = await openTcp({ bind: '127.0.0.1', port: 0, handler });
    onTestFinished(() => door.close());
    return createAskForSeat({ door: { address: '127.0.0.1', port: door.port }, type: TYPE, rng: seededRng(1) });
  }

  const answering =
    (fields: (client: Uint8Array | undefined, avoid: readonly string[] | undefined) => Omit<ResponseFields, 'nonce'>) =>
    (bytes: Uint8Array): Uint8Array | undefined => {
      const decoded = decodePacket(bytes, { expect: 'request', type: TYPE });
      if (!decoded.ok || decoded.packet.kind !== 'extended' || decoded.packet.role !== 'request') return undefined;
      const { nonce, client, avoid } = decoded.packet;
      const encoded = encodeResponse({ ...fields(client, avoid), nonce }, { maxBytes: 1_200, type: TYPE });
      return encoded.ok ? encoded.bytes : undefined;
    };

  it('names the client and leaves out the server that it comes from', async () => {
    const asked: unknown[] = [];
    const ask = await aDoor(
      answering((client, avoid) => {
        asked.push([[...(client ?? [])], avoid]);
        return GIVEN;
      }),
    );
    expect(await ask(ANN, 4, PLACEMENT)).toMatchObject(GIVEN);
    expect(asked).toEqual([[[1, 2, 3], [PLACEMENT.id]]]);
  });

  it('waits as long as a full door says, and 2 s at least', async () => {
    const full = (retryAfterMs: number) => ({
      address: new Uint8Array(16),
      error: { code: 1, retryAfterMs, reason: '' },
    });
    const patient = await aDoor(answering(() => full(9_000)));
    expect(await patient(ANN, 4, PLACEMENT)).toEqual({ retryAfterMs: 9_000 });
    const hasty = await aDoor(answering(() => full(0)));
    expect(await hasty(ANN, 6, PLACEMENT)).toEqual({ retryAfterMs: 2_000 });
  });

  it('fails when the door closes the connection, or speaks another language', async () => {
    const closing = await aDoor(() => undefined);
    await expect(closing(ANN, 4, PLACEMENT)).rejects.toThrow('closed without an answer');
    const strange = await aDoor(() => new TextEncoder().encode('HTTP/1.1 400 Bad Request'));
    await expect(strange(ANN, 4, PLACEMENT)).rejects.toThrow('no packet');
  });

  it('sends off as many as the operator wants, each once there is a seat for it, and nobody else', async () => {
    const { moving, clock } = aMoving(granted());
    moving.sendOff(1);
    // Not before there is somewhere to go: this server ends nothing.
    expect([moving.isOn, moving.of(SUB, 4)]).toEqual([false, undefined]);
    await pause(0);
    // Each beat says anew that nobody wants it drained.
    moving.end('operator');
    expect(moving.of(SUB, 4)).toMatchObject({ next: { server: 'i-next.0', ticket: 'a-ticket' } });
    expect(moving.of(undefined, 4)).toBeUndefined();
    expect(moving.of(toBase64Url(Uint8Array.of(9)), 4)).toBeUndefined();
    // It was one: from then on he may stay.
    clock.advance(60_000);
    expect(moving.of(SUB, 4)).toBeUndefined();
    await pause(0);
    expect(moving.of(SUB, 4)).toBeUndefined();
  });
});
