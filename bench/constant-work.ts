/**
 * Work with no and with all servers failing: `node bench/constant-work.ts [--servers 1000] [--seconds 30]
 * [--requests 5000]` (after
 * `npm run build`; needs cc). A real gateway process and the roster's writer; clients send classic probes at a fixed rate.
 * First all servers beat and answer the gateway's probes. Then none does any more: their packets vanish, and their beats
 * stop. When the gateway gives out none of them, the same is counted again: what the gateway reads from and writes to the
 * registry, what the writer writes, and the CPU time of both.
 */
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createDynamoClient } from '../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../adapters/dynamodb/registry-store.ts';
import { LOCAL_ACCESS, startDynalite } from '../local/dynalite.ts';
import { freePorts } from '../test/support/free-ports.ts';
import { machine, median } from './cpu.ts';
import { atMost } from './figure.ts';
import { compile, cpuMs, Fleet, healthOf, type Process, startGateway, startServers } from './fleet.ts';

const { values } = parseArgs({
  options: {
    servers: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '30' },
    requests: { type: 'string', default: '5000' },
  },
});
const SERVERS = Number(values.servers);
const SECONDS = Number(values.seconds);
const TABLE = 'bench';
const REQUESTS_PER_SECOND = Number(values.requests);
const BURST_MS = 10;
const PROBE = Uint8Array.of(0, 8, 255, 255, 192, 168, 1, 7);
const MOST_DIFFERENCE = 0.1;
const PASS_MS = 400;
const PASSES = 200;
const FIRST_PASSES = 50;
/** The first seconds of a gateway are not like the rest of it. */
const WARM_SECONDS = 5;
/** Beats count for 15 s. */
const SILENT_SECONDS = 20;

/** What the gateway did, each second. */
interface Work {
  /** Each time that it looked for a new roster. */
  readonly readsALook: number;
  readonly writes: number;
  /** Items that the writer wrote. */
  readonly writtenAPass: number;
  readonly gatewayCpuMs: number;
  readonly probes: number;
  readonly openServers: number;
}

/** Hands the gateway's calls on to the registry and counts them. */
async function startRelay(endpoint: string) {
  const counts = { reads: 0, indexReads: 0, writes: 0 };
  const server = createServer((call, reply) => {
    const operation = String(call.headers['x-amz-target']).split('.')[1]!;
    const isRead = /^(Get|BatchGet|Query|Scan)/.test(operation);
    counts[isRead ? 'reads' : 'writes']++;
    call.once('data', (body: Buffer) => {
      if (isRead && body.includes('#INDEX"')) counts.indexReads++;
    });
    const { method = 'POST', headers, url } = call;
    const onward = request(new URL(url!, endpoint), { method, headers }, (answer) => {
      reply.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(reply);
    });
    onward.on('error', () => reply.destroy());
    call.pipe(onward);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return { counts, endpoint: `http://127.0.0.1:${port}`, close: () => server.close() };
}

function startClients(port: number): () => void {
  const socket = createSocket('udp4');
  socket.on('message', () => {});
  let sent = 0;
  const startedMs = performance.now();
  const timer = setInterval(() => {
    const due = ((performance.now() - startedMs) * REQUESTS_PER_SECOND) / 1_000;
    for (; sent < due; sent++) socket.send(PROBE, port, '127.0.0.1');
  }, BURST_MS);
  return () => {
    clearInterval(timer);
    socket.close();
  };
}

function judge(what: string, well: number, failing: number): void {
  const change = Math.abs(failing / well - 1);
  atMost(`${what}, change when all servers fail`, MOST_DIFFERENCE * 100, change * 100, '%');
}

/** The writer alone: median CPU time of a pass. */
async function measureWriter(): Promise<void> {
  const fleet = new Fleet(SERVERS);
  await fleet.fill();
  const passes = async (dead: boolean): Promise<number> => {
    const each: number[] = [];
    for (let pass = -FIRST_PASSES; pass < PASSES; pass++) {
      await fleet.second(dead);
      if (pass >= 0) each.push(fleet.passCpuMs);
    }
    return median(each);
  };
  const well = await passes(false);
  const failing = await passes(true);
  console.log(
    `one pass of the roster's writer, CPU ms: ${well.toFixed(3)} when all beat, ${failing.toFixed(3)} when none does`,
  );
  judge('CPU of a pass of the roster’s writer', well, failing);
}

async function main(dir: string): Promise<void> {
  const port = await freePorts(3);
  const [healthPort, probePort] = [port + 1, port + 2];
  const dynamo = await startDynalite({ table: TABLE });
  const relay = await startRelay(dynamo.endpoint);
  const client = createDynamoClient({ ...LOCAL_ACCESS, endpoint: dynamo.endpoint });
  const store = createRegistryStore({ client, table: TABLE, timeoutMs: 20_000 });
  const fleet = new Fleet(SERVERS, probePort, store.writeRoster);
  await fleet.fill();
  const servers: Process = await startServers(compile('servers', dir), fleet, probePort);
  let dead = false;
  let isOver = false;
  let written = 0;
  let passes = 0;
  const beating = (async () => {
    while (!isOver) {
      // Oftener than the gateway looks, so that it always finds a new one.
      await Promise.all([fleet.second(dead), delay(PASS_MS)]);
      written += fleet.report!.written.length;
      passes++;
    }
  })();
  let door: (Process & { readonly pid: number }) | undefined;
  let stopClients = (): void => {};
  try {
    door = await startGateway({ endpoint: relay.endpoint, table: TABLE, dir, port, healthPort, size: SERVERS });
    stopClients = startClients(port);
    const { pid } = door;
    const measure = async (name: string, settleSeconds: number): Promise<Work> => {
      await delay(settleSeconds * 1_000);
      const before = { ...relay.counts, written, passes, probes: (await healthOf(healthPort))!.counters['probes']! };
      const beforeMs = cpuMs(pid);
      const startedMs = performance.now();
      await delay(SECONDS * 1_000);
      const seconds = (performance.now() - startedMs) / 1_000;
      const gatewayMs = cpuMs(pid) - beforeMs;
      const health = (await healthOf(healthPort))!;
      const work = {
        readsALook: (relay.counts.reads - before.reads) / (relay.counts.indexReads - before.indexReads),
        writes: (relay.counts.writes - before.writes) / seconds,
        writtenAPass: (written - before.written) / (passes - before.passes),
        gatewayCpuMs: gatewayMs / seconds,
        probes: (health.counters['probes']! - before.probes) / seconds,
        openServers: health.openServers,
      };
      console.log(
        name,
        JSON.stringify(work, (_, value) => (typeof value === 'number' ? Number(value.toFixed(2)) : value)),
      );
      return work;
    };
    const well = await measure('no server fails:   ', WARM_SECONDS);
    servers.kill('SIGUSR1');
    dead = true;
    const failing = await measure('every server fails:', SILENT_SECONDS);
    if (well.openServers !== SERVERS || failing.openServers !== 0)
      throw new Error('the servers are not as they should be');
    const compare = (what: string, name: keyof Work): void => judge(what, well[name], failing[name]);
    compare('reads of a gateway at each look for a new roster', 'readsALook');
    compare('writes of a gateway', 'writes');
    compare('items that the roster’s writer writes at a pass', 'writtenAPass');
    compare('CPU of a gateway', 'gatewayCpuMs');
  } finally {
    isOver = true;
    stopClients();
    servers.kill('SIGKILL');
    door?.kill();
    await beating;
    client.destroy();
    relay.close();
    await dynamo.close();
  }
}

console.log(`${machine()}; ${SERVERS} servers, ${REQUESTS_PER_SECOND} classic probes a second, ${SECONDS} s each`);
const dir = mkdtempSync(join(tmpdir(), 'onedoor-bench-'));
try {
  await measureWriter();
  await main(dir);
} finally {
  rmSync(dir, { recursive: true });
}
