import { describe, expect, it } from 'vitest';
import { createSessionMachine } from '../../core/session/session-machine.ts';
import type { Endpoint, SessionAction, SessionEvent } from '../../core/session/types.ts';
import { fromWireAddress, toWireAddress } from '../../core/wire/address.ts';
import { decodePacket } from '../../core/wire/decode.ts';
import { encodeResponse } from '../../core/wire/encode-response.ts';
import type { ResponseFields } from '../../core/wire/packet.ts';
import { seededRng } from '../support/seeded-rng.ts';
import { readRequest } from '../support/sim-servers.ts';

/** `ONEDOOR_FUZZ=1000000 npx vitest run test/property/session-fuzz.test.ts` is the long run. */
const ANSWERS = Number(process.env['ONEDOOR_FUZZ'] ?? 30_000);
const SEED = Number(process.env['ONEDOOR_SEED'] ?? 20_260);

const rng = seededRng(SEED);
const below = (limit: number): number => Math.floor(rng.float() * limit);
const chance = (pct: number): boolean => below(100) < pct;
const some = <T>(list: readonly T[]): T => list[below(list.length)]!;

const DOOR: Endpoint = { address: Uint8Array.of(198, 51, 100, 9), port: 7_000 };
const servers: Endpoint[] = [1, 2, 3, 4].map((n) => ({ address: Uint8Array.of(203, 0, 113, n), port: 7_000 }));
const EVIL: Endpoint = { address: Uint8Array.of(192, 0, 2, 66), port: 7_000 };
const key = ({ address, port }: Endpoint): string => `${address.join('.')}:${port}`;

/** Any answer that a server or a forger may think of. */
function someFields(nonce: Uint8Array): ResponseFields {
  const at = chance(15) ? EVIL : some(servers);
  const text = (): string => 'x'.repeat(1 + below(20));
  const address = chance(15) ? new Uint8Array(16) : toWireAddress(at.address);
  const alternate = () => ({ address: toWireAddress(some([...servers, EVIL]).address), gamePort: 1, probePort: 7_000 });
  return {
    address,
    nonce,
    server: `i-${at.address[3]}.0`,
    ...(chance(70) && {
      ports: [
        { role: below(20), port: below(65_536) },
        { role: 1, port: chance(70) ? 7_000 : 1 },
      ],
    }),
    ...(chance(60) && { ticket: text() }),
    ...(chance(50) && {
      keepalive: { intervalSeconds: below(65_536), transmissions: below(9), timeoutMs: below(9_000) },
    }),
    ...(chance(30) && { alternates: [alternate(), alternate()].slice(below(2)) }),
    ...(chance(20) && { movingMs: below(2 ** 32) }),
    ...(chance(10) && { cookie: rng.bytes(20) }),
    ...(chance(10) && { wait: text() }),
    ...(chance(20) && { error: { code: below(12), retryAfterMs: below(2 ** 32), reason: text() } }),
    ...(chance(5) && { rosterPage: { version: 1, page: 0, pages: 1, entries: [] } }),
    ...(chance(90) ? {} : { otherAddress: toWireAddress(EVIL.address) }),
  };
}

/** The answer's bytes, most of the time spoiled. */
function someBytes(nonce: Uint8Array): Uint8Array {
  if (chance(5)) return rng.bytes(below(1_300));
  const encoded = encodeResponse(someFields(nonce), { maxBytes: 1_200 });
  const bytes = encoded.ok ? encoded.bytes.slice() : rng.bytes(40);
  const changes = chance(40) ? 0 : 1 + below(4);
  for (let n = 0; n < changes; n++) bytes[below(bytes.length)] = below(256);
  if (chance(5)) return bytes.subarray(0, below(bytes.length));
  return bytes;
}

/**
 * Addresses that the client may believe after this packet: those of an answer to a nonce that was sent on this channel,
 * from the address that it was sent to, or, to a question to the door, from the probe port of the server that it names.
 */
function namedBy(bytes: Uint8Array, from: Endpoint, sent: readonly { at: Endpoint; nonce: Uint8Array }[]): string[] {
  const decoded = decodePacket(bytes, { expect: 'response' });
  if (!decoded.ok || decoded.packet.kind !== 'extended') return [];
  const { address, nonce, ports = [], otherAddress, alternates = [] } = decoded.packet;
  const probe = ports.find(({ role }) => role === 1)?.port ?? 7_000;
  const itself = key({ address: fromWireAddress(address), port: probe });
  const isValid = sent.some(
    (each) =>
      Buffer.from(each.nonce).equals(nonce) &&
      (key(each.at) === key(from) || (key(each.at) === key(DOOR) && key(from) === itself)),
  );
  const all = [address, otherAddress, ...alternates.map((each) => each.address)];
  return isValid ? all.flatMap((each) => (each ? [Buffer.from(each).toString('hex')] : [])) : [];
}

/** One client among forgers: counts what it was told, and where it believes to be. */
class Prey {
  readonly #machine;
  readonly #channels = new Map<number, { to: Endpoint | undefined; nonces: { at: Endpoint; nonce: Uint8Array }[] }>();
  /** Addresses that valid answers named, as 16 bytes in hex. */
  readonly named = new Set<string>();
  readonly strays: string[] = [];
  given = 0;
  nowMs = 0;
  isOver = false;

  constructor(chooses: boolean) {
    const client = Uint8Array.of(1, 2, 3);
    this.#machine = createSessionMachine({ client, localAddress: {}, http: false, chooses, cached: chance(30), rng });
    this.event({ type: 'start' });
    this.event({ type: 'doors', doors: [DOOR] });
  }

  event(event: SessionEvent): void {
    for (const action of this.#machine.handle(event, this.nowMs)) this.#perform(action);
  }

  #perform(action: SessionAction): void {
    if (action.type === 'open') this.#channels.set(action.channel, { to: action.to, nonces: [] });
    else if (action.type === 'close') this.#channels.delete(action.channel);
    else if (action.type === 'send') {
      const channel = this.#channels.get(action.channel);
      if (!channel) throw new Error('sent on a channel that is not open');
      channel.nonces.push({ at: action.to, nonce: readRequest(action.bytes).nonce.slice() });
    } else if (action.type === 'choose') {
      const address = some(servers).address;
      this.named.add(Buffer.from(toWireAddress(address)).toString('hex'));
      this.event({ type: 'chosen', servers: [{ id: `i-${address[3]}.0`, address, ports: { probe: 7_000 } }] });
    } else if (action.type === 'assigned' || action.type === 'reassigned') {
      this.given++;
      const { address } = action.grant.server;
      const hex = Buffer.from(toWireAddress(address)).toString('hex');
      if (!this.named.has(hex)) this.strays.push(hex);
    } else if (action.type === 'closed') this.isOver = true;
  }

  /** One forged or spoiled answer, then perhaps time. */
  attack(): void {
    const channels = [...this.#channels];
    if (channels.length > 0) {
      const [number, { to, nonces }] = some(channels);
      const last = nonces.length > 0 ? some(nonces) : undefined;
      const nonce = last && chance(80) ? last.nonce : rng.bytes(8);
      const from = chance(70) ? (last?.at ?? to ?? DOOR) : some([EVIL, DOOR, ...servers]);
      const bytes = someBytes(nonce);
      for (const each of namedBy(bytes, from, nonces)) this.named.add(each);
      this.event({ type: 'packet', channel: number, from, bytes });
    }
    if (chance(20)) this.#pass();
    if (chance(2)) this.event({ type: some(['sent', 'received', 'lost'] as const), count: 12 } as SessionEvent);
    if (chance(1) && channels.length > 0) this.event({ type: 'channel-failed', channel: some(channels)[0] });
  }

  #pass(): void {
    const wakeAtMs = this.#machine.wakeAtMs();
    if (Number.isNaN(wakeAtMs)) throw new Error('wakes at no time');
    this.nowMs = Math.max(this.nowMs, Math.min(wakeAtMs, this.nowMs + 400_000));
    this.event({ type: 'tick' });
  }
}

describe('the session machine among forgers', () => {
  it(`takes ${ANSWERS} spoiled answers without a fault, and is never where no valid answer named (seed ${SEED})`, () => {
    let sent = 0;
    let given = 0;
    while (sent < ANSWERS) {
      const prey = new Prey(chance(30));
      for (let n = 0; n < 300 && !prey.isOver && sent < ANSWERS; n++, sent++) prey.attack();
      prey.event({ type: 'close' });
      expect(prey.strays).toEqual([]);
      given += prey.given;
    }
    // Enough of them are right that sessions come and go.
    expect(given).toBeGreaterThan(ANSWERS / 100);
  }, 300_000);
});
