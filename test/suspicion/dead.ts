import { toWireAddress } from '../../core/wire/address.ts';
import { decodePacket } from '../../core/wire/decode.ts';
import { encodeRequest } from '../../core/wire/encode-request.ts';
import { MAX_PACKET_BYTES } from '../../core/wire/limits.ts';
import { World } from '../outage/world.ts';
import { watchServers } from './watchers.ts';

export interface DeadOptions {
  readonly seed: number;
  readonly kills: number;
  /** Assignments a second, by each way. */
  readonly perSecond: number;
  readonly servers: number;
}

/** Of each kill: ms until the last assignment to the dead server, by each way; 0: none after its death. */
export interface DeadReport {
  readonly udp: readonly number[];
  readonly http: readonly number[];
  readonly assigned: number;
}

const CAPACITY = 1_000;
const BETWEEN_KILLS_MS = 6_000;
/** Of the servers of one world so many die: more would be another story. */
const SHARE = 0.4;
const ANY = toWireAddress(new Uint8Array(4));

/** Servers die without a word, their packets with them, while clients ask both ways to the door. */
export async function runDead(options: DeadOptions): Promise<DeadReport> {
  const report = { udp: [] as number[], http: [] as number[], assigned: 0 };
  for (let world = 0; report.udp.length < options.kills; world++) {
    const most = Math.max(1, Math.floor(options.servers * SHARE));
    const kills = Math.min(most, options.kills - report.udp.length);
    await runWorld({ ...options, kills, seed: options.seed + 1_000 * world }, report);
  }
  return report;
}

async function runWorld(
  { seed, kills, perSecond, servers }: DeadOptions,
  report: { udp: number[]; http: number[]; assigned: number },
): Promise<void> {
  const world = new World({ seed, servers, capacity: CAPACITY });
  const { time } = world;
  const restore = time.install();
  const last = { udp: new Map<string, number>(), http: new Map<string, number>() };
  const took = (way: 'udp' | 'http', id: string | undefined): void => {
    if (id === undefined) return;
    report.assigned++;
    last[way].set(id, time.nowMs);
  };
  let isOver = false;
  let asked = 0;
  const ask = (): void => {
    if (isOver) return;
    time.after(1_000 / perSecond, ask);
    const n = asked++;
    void askByUdp(world, n).then((id) => took('udp', id));
    void askByHttp(world, n).then((id) => took('http', id));
  };
  try {
    await world.ready();
    watchServers(world);
    ask();
    await time.advance(BETWEEN_KILLS_MS + (seed % 900));
    for (let n = 0; n < kills; n++) {
      const victim = world.any(world.living());
      victim.crash();
      const diedAtMs = time.nowMs;
      await time.advance(BETWEEN_KILLS_MS + ((137 * n) % 900));
      const { id } = victim.placement;
      report.udp.push(Math.max(0, (last.udp.get(id) ?? 0) - diedAtMs));
      report.http.push(Math.max(0, (last.http.get(id) ?? 0) - diedAtMs));
    }
    isOver = true;
  } finally {
    restore();
  }
}

async function askByUdp({ plane }: World, n: number): Promise<string | undefined> {
  const nonce = new Uint8Array(8);
  new DataView(nonce.buffer).setUint32(0, n);
  const bytes = encodeRequest({ address: ANY, nonce, client: nonce }, { padTo: MAX_PACKET_BYTES });
  const source = { address: `10.7.${(n >> 8) & 0xff}.${n & 0xff}`, port: 40_000, protocol: 17 } as const;
  const answer = await plane.gateways[n % plane.gateways.length]!.door.handle(bytes, source);
  const decoded = answer && decodePacket(answer, { expect: 'response' });
  return decoded?.ok && decoded.packet.kind === 'extended' && decoded.packet.role === 'response'
    ? decoded.packet.server
    : undefined;
}

async function askByHttp({ plane }: World, n: number): Promise<string | undefined> {
  const reply = await plane.api()?.({
    method: 'POST',
    path: '/v1/assignments',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client: `client-${n}` }),
    sourceAddress: '10.8.0.1',
  });
  return reply?.status === 201 ? (JSON.parse(String(reply.body)) as { server: { id: string } }).server.id : undefined;
}
