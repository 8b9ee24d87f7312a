import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createVerifier } from '../../adapters/crypto/verifier.ts';
import { openJournal } from '../../adapters/journal/journal.ts';
import { createMemoryStore } from '../../adapters/memory/registry-store.ts';
import { Admission } from '../../agents/admission.ts';
import { SeatKeeper } from '../../agents/seat-keeper.ts';
import { SessionWatch } from '../../agents/session-watch.ts';
import { parseEntry } from '../../core/registry/journal.ts';
import { type Placement, rowKey } from '../../core/registry/row.ts';
import { DEFAULT_TIMING } from '../../core/registry/timing.ts';
import { fromBase64Url, toBase64Url } from '../../core/ticket/base64url.ts';
import { issueTicket } from '../../core/ticket/issue.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { seededRng } from '../support/seeded-rng.ts';
import { keysOf } from '../support/tickets.ts';

/** How many of each were taken as tickets. */
export interface TicketAttacks {
  readonly forged: number;
  readonly replayed: number;
  readonly misdirected: number;
  readonly stolen: number;
  /** Genuine tickets that were let in: that the attacks prove something. */
  readonly genuine: number;
}

const KEY = rowKey('AROATEST:i-a', 0);
const PLACEMENT: Placement = {
  id: 'i-a.0',
  ipv4: '203.0.113.7',
  ports: { game: 27_000, probe: 7_000 },
  zone: 'z',
  app: 'arena',
  world: 'w1',
  group: 'g1',
  labels: {},
  maxCapacity: 1_000,
};
const CAPACITY = 1_000;
/** Seats of each kind of attack, in each of two lives of the agent. */
const SEATS = 100;

/** Shows an agent tickets that it must not take, before it is killed and in its next life. */
export async function attackTickets(options: {
  readonly forgeries: number;
  readonly seed: number;
}): Promise<TicketAttacks> {
  const { forgeries, seed } = options;
  const dir = mkdtempSync(join(tmpdir(), 'onedoor-attack-'));
  const rng = seededRng(seed);
  const clock = fakeClock();
  const store = createMemoryStore();
  const keys = keysOf();
  const verify = createVerifier([keys.publicKey]);
  const below = (limit: number): number => Math.floor(rng.float() * limit);

  const live = async () => {
    const journal = await openJournal({ dir, name: KEY, parse: parseEntry });
    const onLost = (reason: string): never => {
      throw new Error(`the row was lost: ${reason}`);
    };
    const keeper = new SeatKeeper({
      key: KEY,
      store,
      journal,
      clock,
      rng,
      timing: DEFAULT_TIMING,
      isCounted: false,
      onLost,
    });
    if (!(await keeper.claim())) throw new Error('the claim was refused');
    await store.place(KEY, PLACEMENT);
    const beat = async (): Promise<void> => {
      const result = await keeper.beat({ capacity: CAPACITY, state: 'ready' }, () => {});
      if (result !== 'ok') throw new Error(`the beat was ${result}`);
    };
    await beat();
    const sessions = new SessionWatch(40_000);
    const admission = new Admission({
      ...{ keeper, sessions, clock, verify, iss: 'onedoor', isCounted: false },
      isDraining: () => false,
      capacity: () => CAPACITY,
    });
    return { journal, keeper, admission, sessions, beat };
  };

  const ticketOf = (
    gen: string,
    serial: number,
    client: string,
    more: { id?: string; iss?: string; name?: string } = {},
  ) => {
    const { id = PLACEMENT.id, iss = 'onedoor', name } = more;
    const seat = { gen, serial, expiresWallMs: clock.wallMs() + 40_000 };
    const order = { iss, server: { ...PLACEMENT, id }, seat, client: Buffer.from(client), wallMs: clock.wallMs() };
    return issueTicket(order, name === undefined ? keys.signer : keysOf(name).signer).ticket;
  };

  /** `count` seats that a door took, as the claims of their tickets. */
  const takeSeats = async (count: number) => {
    const reply = await store.write(KEY, { kind: 'take', k: count, token: Buffer.from(rng.bytes(8)).toString('hex') });
    const seats = reply.row?.seats;
    if (!reply.ok || !seats) throw new Error('no seats');
    return Array.from({ length: count }, (_, n) => ({ gen: seats.gen, serial: seats.issued - count + 1 + n }));
  };

  /** A ticket that nobody signed: of a good one, with one part of it changed. */
  const forgery = (gen: string, serial: number): string => {
    const [header = '', payload = '', signature = ''] = ticketOf(gen, serial, 'ann').split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
    const kinds = [
      () => [
        header,
        toBase64Url(Buffer.from(JSON.stringify({ ...claims, sub: toBase64Url(rng.bytes(8)) }))),
        signature,
      ],
      () => [
        header,
        toBase64Url(Buffer.from(JSON.stringify({ ...claims, iat: Number(claims['iat']) - 1 }))),
        signature,
      ],
      () => [header, payload, toBase64Url(flipped(fromBase64Url(signature)!))],
      () => [header, payload, toBase64Url(new Uint8Array(64))],
      () => [header, payload, toBase64Url(rng.bytes(64))],
      () => [toBase64Url(Buffer.from('{"alg":"none"}')), payload, ''],
      () => [header.slice(0, -1) + (header.endsWith('A') ? 'B' : 'A'), payload, signature],
      () => ticketOf(gen, serial, 'ann', { name: 'another deployment' }).split('.'),
    ];
    return kinds[below(kinds.length)]!().join('.');
  };
  const flipped = (bytes: Uint8Array): Uint8Array => {
    const at = below(bytes.length);
    return bytes.with(at, bytes[at]! ^ (1 + below(255)));
  };

  const counts = { forged: 0, replayed: 0, misdirected: 0, stolen: 0, genuine: 0 };
  type Kind = keyof typeof counts;
  let life = await live();
  /** A refusal that lets its holder join like anybody would be a seat without a ticket: none of these may have even that. */
  const show = async (kind: Kind, ticket: string, shown?: string): Promise<void> => {
    const entry = await life.admission.enter(ticket, true, shown);
    if (entry.ok) counts[kind]++;
  };
  const sub = (client: string): string => toBase64Url(Buffer.from(client));

  const over: string[] = [];
  for (const _ of ['this life', 'the next one']) {
    const seats = await takeSeats(2 * SEATS);
    for (const [n, { gen, serial }] of seats.entries()) {
      const ticket = ticketOf(gen, serial, `c${serial}`);
      await show('stolen', ticket, sub('thief'));
      await show('misdirected', ticketOf(gen, serial, 'ann', { id: 'i-b.0' }));
      await show('misdirected', ticketOf(gen, serial, 'ann', { iss: 'another' }));
      await show('genuine', ticket, sub(`c${serial}`));
      await show('stolen', ticket, sub('thief'));
      if (n % 2 === 0) continue;
      life.keeper.end(`${gen}:${serial}`);
      life.sessions.ended(`${gen}:${serial}`);
      over.push(ticket);
    }
    const [first] = await takeSeats(1);
    for (let n = 0; n < forgeries / 2; n++) await show('forged', forgery(first!.gen, first!.serial));
    for (const ticket of over) await show('replayed', ticket);
    await life.journal.close();
    clock.advance(1_000);
    life = await live();
    for (const ticket of over) await show('replayed', ticket);
  }
  await life.journal.close();
  rmSync(dir, { recursive: true });
  return counts;
}
