import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { AssignerOptions } from '../../../core/assign/assigner.ts';
import { createWaitLine } from '../../../core/assign/wait-line.ts';
import type { PacketSource } from '../../../core/ports.ts';
import { createRosterPages } from '../../../core/roster/roster-pages.ts';
import { createPolicy } from '../../../core/select/create-policy.ts';
import { ALWAYS } from '../../../core/select/duty.ts';
import { parseAddress, toWireAddress } from '../../../core/wire/address.ts';
import { encodeClassic } from '../../../core/wire/classic-packet.ts';
import { decodePacket } from '../../../core/wire/decode.ts';
import { DROP_REASONS } from '../../../core/wire/drop-reasons.ts';
import { encodeRequest } from '../../../core/wire/encode-request.ts';
import { type ExtendedResponse, REPORT, type RequestFields, WANT } from '../../../core/wire/packet.ts';
import { createAnswerTable } from '../../../door/answer-table.ts';
import { createClassicResponder } from '../../../door/classic.ts';
import { createCookies } from '../../../door/cookies.ts';
import { createCounters } from '../../../door/counters.ts';
import { createExtendedResponder } from '../../../door/extended.ts';
import { createGateway } from '../../../door/gateway.ts';
import { createLongestAnswer } from '../../../door/longest-answer.ts';
import { createQuiet } from '../../../door/quiet.ts';
import { anAssignBench } from '../../support/assign-bench.ts';
import type { ListedServer } from '../../support/build-view.ts';
import { aServer, servers } from '../../support/builders.ts';
import { seededRng } from '../../support/seeded-rng.ts';

const keepalive = { intervalSeconds: 20, transmissions: 10, timeoutMs: 700 };
const TYPE = 0xffff;
const overload = { isUseless: () => false, isRefused: () => false, refusal: () => undefined };

async function aGateway(
  entries: readonly ListedServer[],
  options: {
    policy?: AssignerOptions['policy'];
    unverifiedPerSecond?: number;
    takeReport?: (ticket: string) => void;
  } = {},
) {
  const bench = await anAssignBench(entries);
  const { clock } = bench;
  const policy = options.policy ?? createPolicy('two-choices');
  const mac = (data: Uint8Array) => new Uint8Array(createHmac('sha256', 'k').update(data).digest());
  const waitLine = createWaitLine({ mac, macBefore: () => undefined, clock });
  const assigner = bench.assigner({ stock: true, policy, waitLine });
  const counters = createCounters();
  const longest = createLongestAnswer({ iss: 'test', kid: 'test-key', keepalive });
  const cookies = createCookies(mac);
  const rosterPages = createRosterPages('arena');
  const service = { address: Uint8Array.of(192, 0, 2, 1), port: 7_000 };
  const classic = createClassicResponder({
    assigner,
    policy,
    defaultApp: 'arena',
    service,
    type: TYPE,
    holdMs: 10_000,
    clock,
    rng: seededRng(3),
    counters,
  });
  const quiet = createQuiet({
    clock,
    unverifiedPerSecond: options.unverifiedPerSecond ?? 50,
    view: () => assigner.view(),
  });
  const extended = createExtendedResponder({
    assigner,
    answers: createAnswerTable(30_000),
    cookies,
    quiet,
    limit: { waitMs: () => 0 },
    counters,
    clock,
    keepalive,
    type: TYPE,
    longestAnswer: () => longest(assigner.view()),
    rosterPage: (asked) => rosterPages(assigner.view(), asked),
    takeReport: options.takeReport,
  });
  const isProbePort = (port: number): boolean => port === 7_000;
  const handle = createGateway({ classic, extended, counters, type: TYPE, isProbePort, duty: ALWAYS, overload });
  return { ...bench, assigner, classic, counters, handle };
}

const udp: PacketSource = { address: '198.51.100.7', port: 40_000, protocol: 17 };
const tcp: PacketSource = { ...udp, protocol: 6 };
const CLASSIC = encodeClassic(Uint8Array.of(192, 168, 1, 7));
let nonces = 0;

function request(fields: Partial<RequestFields> = {}, padTo = 800): Uint8Array {
  const nonce = new Uint8Array(8);
  new DataView(nonce.buffer).setUint32(4, ++nonces);
  const address = toWireAddress(Uint8Array.of(192, 168, 1, 7));
  return encodeRequest({ address, nonce, client: new TextEncoder().encode(`c${nonces}`), ...fields }, { padTo });
}

async function response(bytes: Uint8Array | undefined | Promise<Uint8Array | undefined>): Promise<ExtendedResponse> {
  const decoded = decodePacket((await bytes) ?? new Uint8Array(), { expect: 'response' });
  if (!decoded.ok || decoded.packet.kind !== 'extended') throw new Error('no extended response');
  return decoded.packet;
}

describe('the gateway, classic', () => {
  it('answers 8 bytes with 8 and 20 with 20, and takes no seat', async () => {
    const door = await aGateway([aServer({ id: 'a.0', ipv4: '203.0.113.5', ipv6: '2001:db8::5' })]);
    expect(door.handle(CLASSIC, udp)).toEqual(Uint8Array.of(0, 8, 255, 255, 203, 0, 113, 5));
    const six = await door.handle(encodeClassic(new Uint8Array(16)), udp);
    expect(six?.subarray(4)).toEqual(parseAddress('2001:db8::5'));
    expect(six).toHaveLength(20);
    expect(door.landed).toEqual([]);
  });

  it('names no server whose slot is not 0, since the answer carries no port', async () => {
    const door = await aGateway([aServer({ id: 'a.1', ipv4: '203.0.113.5' })]);
    expect(door.handle(CLASSIC, udp)).toEqual(Uint8Array.of(0, 8, 255, 255, 0, 0, 0, 0));
  });

  it('spreads a burst by its own hints, which take at most a fifth of the free seats and end after W', async () => {
    const door = await aGateway(
      servers(4, (n) => ({ capacity: 10, ipv4: `203.0.113.${n + 1}` })),
      { policy: createPolicy('least-loaded') },
    );
    const count = new Map<number, number>();
    for (let n = 0; n < 100; n++) {
      const last = ((await door.handle(CLASSIC, udp)) as Uint8Array)[7]!;
      count.set(last, (count.get(last) ?? 0) + 1);
    }
    const free = () => door.assigner.view().free.reduce((sum, each) => sum + each, 0);
    expect(free()).toBe(32);
    door.clock.advance(10_000);
    door.classic.sweep();
    expect(free()).toBe(40);
  });

  it('drops a packet from a probe port: else two machines could answer each other for ever', async () => {
    const door = await aGateway([aServer()]);
    expect(door.handle(CLASSIC, { ...udp, port: 7_000 })).toBeUndefined();
    expect(door.counters.read()).toEqual({ 'dropped.probe-port': 1 });
  });
});

describe('the gateway, extended', () => {
  it('passes the ticket of a lost server on, once for each request, and not for sources that must verify first', async () => {
    const reported: string[] = [];
    const takeReport = (ticket: string): void => void reported.push(ticket);
    const door = await aGateway(servers(3), { takeReport });
    const same = { client: Uint8Array.of(1), nonce: Uint8Array.of(9, 9, 9, 9, 9, 9, 9, 9) };
    const asked = { ...same, ticket: 'lost', report: REPORT.silent };
    const answers = [
      await response(door.handle(request(asked), udp)),
      await response(door.handle(request(asked), udp)),
    ];
    expect(answers.map(({ error }) => error)).toEqual([undefined, undefined]);
    await response(door.handle(request({ ticket: 'kept' }), udp));
    const before = door.assigner.view().free.join();
    const told = request({ ...asked, ticket: 'older', want: WANT.noServer }, 96);
    expect([await door.handle(told, udp), reported.pop()]).toEqual([undefined, 'older']);
    expect(door.assigner.view().free.join()).toBe(before);
    const busy = await aGateway(servers(3), { takeReport, unverifiedPerSecond: 0 });
    await response(busy.handle(request({ ...asked, ticket: 'unverified' }), udp));
    expect(reported).toEqual(['lost']);
  });

  it('answers with the server’s address, its id and ports, a ticket and the keepalive, within the length of the request', async () => {
    const door = await aGateway([aServer({ id: 'a.1', ipv4: '203.0.113.5', ipv6: '2001:db8::5' })]);
    const bytes = request();
    const answer = await response(door.handle(bytes, udp));
    expect(answer.length).toBeLessThanOrEqual(bytes.length);
    expect(answer).toMatchObject({
      server: 'a.1',
      keepalive,
      ports: [
        { role: 0, port: 27_001 },
        { role: 1, port: 7_001 },
      ],
    });
    expect(answer.address.subarray(12)).toEqual(Uint8Array.of(203, 0, 113, 5));
    expect(answer.otherAddress).toEqual(parseAddress('2001:db8::5'));
    expect(answer.ticket).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  });

  it('gives the same seat to the same client and nonce, also from another port', async () => {
    const door = await aGateway([aServer({ capacity: 500 })]);
    const bytes = request();
    const first = await response(door.handle(bytes, udp));
    const again = await response(door.handle(bytes, { ...udp, port: 50_000 }));
    expect(again.ticket).toBe(first.ticket);
    expect(door.landed).toHaveLength(1);
  });

  it('takes no seat for a request that the answer would not fit in', async () => {
    const door = await aGateway([aServer()]);
    const answer = await response(door.handle(request({}, 400), udp));
    expect(answer.error).toMatchObject({ code: 4, reason: 'request-too-small' });
    expect(await door.handle(request({ client: undefined }, 31), udp)).toBeUndefined();
    expect(door.landed).toEqual([]);
  });

  it('answers a short request in full over TCP', async () => {
    const door = await aGateway([aServer()]);
    expect((await response(door.handle(request({}, 60), tcp))).ticket).toBeDefined();
  });

  it('asks an unverified source for a cookie when busy, and serves it with the cookie from the same port only', async () => {
    const door = await aGateway([aServer({ capacity: 500 })], { unverifiedPerSecond: 2 });
    await door.handle(request(), udp);
    await door.handle(request(), udp);
    const asked = await response(door.handle(request(), udp));
    expect(asked.error?.code).toBe(9);
    const { cookie } = asked;
    expect((await response(door.handle(request({ cookie }), udp))).ticket).toBeDefined();
    expect((await response(door.handle(request({ cookie }), { ...udp, port: 41_000 }))).error?.code).toBe(9);
    expect((await response(door.handle(request(), tcp))).ticket).toBeDefined();
    door.clock.advance(2_000);
    expect((await response(door.handle(request(), udp))).ticket).toBeDefined();
  });

  it('asks for a cookie when under a fifth of the seats is free', async () => {
    const door = await aGateway([aServer({ capacity: 100, free: 19 })]);
    expect((await response(door.handle(request(), udp))).error?.code).toBe(9);
    expect(door.landed).toEqual([]);
  });

  it('says no-capacity with a time to come back, and forgets the refusal', async () => {
    const door = await aGateway([aServer({ capacity: 1 })]);
    await door.handle(request(), udp);
    const bytes = request();
    const answer = await response(door.handle(bytes, tcp));
    expect(answer.error).toMatchObject({ code: 1, retryAfterMs: 2_000, reason: 'no-capacity' });
    expect(answer.address).toEqual(new Uint8Array(16));
    await door.handle(bytes, tcp);
    expect(door.counters.read()['repeated']).toBeUndefined();
  });

  it('names an unknown app', async () => {
    const door = await aGateway([aServer()]);
    expect((await response(door.handle(request({ app: 'nope' }), udp))).error?.code).toBe(2);
  });

  it('is silent to what is malformed, and counts it by its reason', async () => {
    const door = await aGateway([aServer()]);
    const malformed = [
      new Uint8Array(3),
      new Uint8Array(1_201),
      Uint8Array.of(0, 9, 255, 255, 0, 0, 0, 0),
      Uint8Array.of(0, 8, 255, 254, 0, 0, 0, 0),
    ];
    expect(malformed.map((bytes) => door.handle(bytes, udp))).toEqual(malformed.map(() => undefined));
    const counted = Object.keys(door.counters.read()).map((name) => name.replace('dropped.', ''));
    expect(counted).toEqual(['short', 'long', 'length-mismatch', 'wrong-type']);
    expect(DROP_REASONS).toEqual(expect.arrayContaining(counted));
  });
});

describe('the gateway, pages of the roster', () => {
  const ids = ({ rosterPage }: ExtendedResponse) => rosterPage?.entries.map(({ id }) => id);

  it('gives each server once over all pages, sorted by group, and takes no seat', async () => {
    const door = await aGateway(servers(60, (n) => ({ group: `g${n % 3}`, free: 9 })));
    const ask = async (page: number) =>
      response(door.handle(request({ app: 'arena', want: WANT.roster, page }, 1_200), udp));
    const { pages, version } = (await ask(0)).rosterPage!;
    const all = await Promise.all(Array.from({ length: pages }, (_, page) => ask(page)));

    expect(pages).toBeGreaterThan(1);
    expect(new Set(all.map(({ rosterPage }) => rosterPage!.version))).toEqual(new Set([version]));
    expect(all.flatMap(ids).sort()).toEqual(servers(60).map(({ server }) => server.id));
    const groups = all.flatMap(({ rosterPage }) => rosterPage!.entries.map(({ group }) => group));
    expect(groups).toEqual([...groups].sort());
    expect(all[0]!.rosterPage!.entries[0]).toMatchObject({ state: 'ready', sessions: 1, capacity: 10, free: 9 });
    expect(ids(await ask(99))).toEqual(ids(all.at(-1)!));
    expect(door.landed).toEqual([]);
    expect(door.counters.read()).toMatchObject({ roster: pages + 2 });
  });

  it('is never longer than its request over UDP, and may be over TCP', async () => {
    const door = await aGateway(servers(60));
    const small = request({ want: WANT.roster }, 800);
    expect((await response(door.handle(small, udp))).error?.code).toBe(4);
    expect((await response(door.handle(small, tcp))).rosterPage?.entries.length).toBeGreaterThan(10);
  });

  it('is for those who can receive, when the door is busy', async () => {
    const door = await aGateway([aServer()], { unverifiedPerSecond: 0 });
    const asked = { want: WANT.roster, nonce: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) };
    const first = await response(door.handle(request(asked, 1_200), udp));
    expect(first.error?.code).toBe(9);
    const cookie = first.cookie!.slice();
    expect(ids(await response(door.handle(request({ ...asked, cookie }, 1_200), udp)))).toEqual(['i-a.0']);
  });

  it('tells wrong names, and leaves the lobby to the servers', async () => {
    const door = await aGateway([aServer()]);
    const code = async (fields: Partial<RequestFields>) =>
      (await response(door.handle(request(fields, 1_200), udp))).error?.code;
    const asked = [{ want: WANT.roster, app: 'chess' }, { want: WANT.roster, world: 'w9' }, { want: WANT.lobby }];
    expect(await Promise.all(asked.map(code))).toEqual([2, 3, 6]);
  });
});
