import { problemResponse } from '../adapters/http/problem.ts';
import { createHttpServer } from '../adapters/http/server.ts';
import type { HttpHandler } from '../adapters/http/types.ts';
import { openTcp } from '../adapters/tcp/tcp-endpoint.ts';
import { SelfKnock } from '../adapters/udp/self-knock.ts';
import { openUdp } from '../adapters/udp/udp-endpoint.ts';
import { probePortTest, type RuntimeConfig } from '../core/config/runtime-config.ts';
import type { AgentStore, Clock, PacketHandler, PacketSource, Rng } from '../core/ports.ts';
import { createRosterReader, type RosterReader } from '../core/registry/roster-reader.ts';
import type { Placement } from '../core/registry/row.ts';
import { toWireAddress } from '../core/wire/address.ts';
import { encodeRequest } from '../core/wire/encode-request.ts';
import { NONCE_BYTES } from '../core/wire/limits.ts';
import type { Counters } from './counters.ts';
import { createOutage, type Log } from './log.ts';
import { answerOf, type OwnerAnswer, OwnerLink, readAnswer } from './owner-link.ts';
import { type PeerWatch, startPeerWatch } from './peer-watch.ts';
import { createServerDoor } from './server-door.ts';

export interface ServerDoorPorts {
  readonly bind: string;
  /** UDP and TCP, behind the load balancer of the one address. */
  readonly port: number;
  /** HTTP, for that load balancer's checks. */
  readonly healthPort: number;
}

export interface ServerDoorDeps {
  readonly config: RuntimeConfig;
  readonly store: Pick<AgentStore, 'readRoster'>;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly counters: Counters;
  /** Answers for this machine's own servers, by the keys of their rows. */
  readonly own: ReadonlyMap<string, PacketHandler>;
  /** Name of this machine in the keys of its rows. */
  readonly machine: string;
}

export interface RunningServerDoor extends Pick<PeerWatch, 'sees'> {
  /** Fails its health from now on, and answers until it is closed. */
  leave(): void;
  close(): Promise<void>;
}

interface Facts {
  readonly reader: RosterReader;
  readonly knock: SelfKnock;
  readonly counters: Counters;
  readonly clock: Clock;
  peers?: PeerWatch;
  isLeaving: boolean;
}

/** A UDP loop that has not answered itself for this long is stuck. */
const UDP_STUCK_MS = 5_000;
/** A question among neighbours: no limit of size as for datagrams. */
const NEIGHBOUR: PacketSource = { address: '127.0.0.1', port: 0, protocol: 6 };

/** Opens the ports of an agent that answers for the door. Rejects with the system's error if one cannot be had. */
export async function openServerDoor(ports: ServerDoorPorts, deps: ServerDoorDeps): Promise<RunningServerDoor> {
  const { config, clock, rng, log, store, counters } = deps;
  const { bind, port, healthPort } = ports;
  const onError = (error: unknown): void => log.error({ err: error }, 'a request to the door failed');
  const isProbePort = probePortTest(config, port);
  const { freshMs, rosterRefreshMs: refreshMs } = config;
  const reader = createRosterReader({ readRoster: (name) => store.readRoster(name), clock, freshMs, refreshMs });
  const closers: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(closers.splice(0).map(async (each) => await each()));
  };
  const knock = new SelfKnock(bind, clock);
  closers.push(() => knock.stop());
  const facts: Facts = { reader, knock, counters, clock, isLeaving: false };
  try {
    const asker = await openAsker(bind, isProbePort, (bytes, source) => link.hear(bytes, source));
    closers.push(asker.close);
    const hasFamily = (family: 4 | 6): boolean => (bind.includes(':') ? family === 6 || bind === '::' : family === 4);
    const link = new OwnerLink({ send: asker.send, hasFamily, clock, rng, type: config.packetType });
    const ask = (server: Placement, key: string, family: 4 | 6): Promise<OwnerAnswer> => {
      const own = deps.own.get(key);
      return own ? askOwn(own, server, family, config.packetType, rng) : link.ask(server, family);
    };
    const handler = createServerDoor({ config, view: reader.view, isProbePort, ask, counters, rng });
    const udp = await openUdp({ bind, port, handler: knock.guard(handler), onError });
    closers.push(() => udp.close());
    const tcp = await openTcp({ bind, port, handler, onError });
    closers.push(() => tcp.close());
    const health = createHttpServer({ handler: createHealth(facts), onError });
    await health.listen(healthPort, bind);
    closers.push(() => health.close(0));
    facts.peers = await startPeerWatch({
      ...{ machine: deps.machine, view: reader.view, isProbePort, packetType: config.packetType },
      ...{ clock, rng, log, counters },
    });
    closers.push(facts.peers.stop);
  } catch (error) {
    await close();
    throw error;
  }
  knock.start(port);
  closers.push(keepFresh(reader, refreshMs, log));
  return {
    leave: () => {
      facts.isLeaving = true;
    },
    close,
    sees: () => facts.peers?.sees() ?? [],
  };
}

/** A socket to ask other agents from: its port is none that they would drop. */
async function openAsker(bind: string, isTaboo: (port: number) => boolean, handler: PacketHandler) {
  for (;;) {
    const endpoint = await openUdp({ bind, port: 0, handler });
    if (!isTaboo(endpoint.port)) return endpoint;
    await endpoint.close();
  }
}

/** This machine's own server is asked like any other, without the network. */
async function askOwn(
  own: PacketHandler,
  server: Placement,
  family: 4 | 6,
  type: number,
  rng: Rng,
): Promise<OwnerAnswer> {
  const address = family === 4 ? toWireAddress(new Uint8Array(4)) : new Uint8Array(16);
  const bytes = await own(encodeRequest({ address, nonce: rng.bytes(NONCE_BYTES) }, { type }), NEIGHBOUR);
  const response = bytes && readAnswer(bytes, type);
  return (response && answerOf(response, server)) ?? 'silent';
}

function keepFresh(reader: RosterReader, refreshMs: number, log: Log): () => void {
  const outage = createOutage(
    log,
    'the roster cannot be read; the door goes on with the last one',
    'the roster is read again',
  );
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  const turn = async (): Promise<void> => {
    await reader.refresh().then(outage.good, outage.bad);
    if (!isStopped) timer = setTimeout(turn, refreshMs);
  };
  void turn();
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}

/** `GET /healthz`: 200 while the load balancer should send requests here, 503 with the reason otherwise. */
function createHealth(facts: Facts): HttpHandler {
  const { reader, knock, counters, clock } = facts;
  return ({ method, path }) => {
    if (path !== '/healthz') return problemResponse('http.not-found');
    if (method !== 'GET' && method !== 'HEAD') {
      return problemResponse('http.method-not-allowed', { headers: { allow: 'GET, HEAD' } });
    }
    const ageMs = reader.ageMs();
    const isStuck = clock.monoMs() - knock.aliveAtMs > UDP_STUCK_MS;
    const hasRoster = Number.isFinite(ageMs);
    const reason = facts.isLeaving ? 'draining' : isStuck ? 'udp-stuck' : hasRoster ? undefined : 'no-roster';
    const { version, listed } = reader.view();
    const body = {
      status: reason === undefined ? 'ok' : 'failing',
      reason,
      rosterVersion: version,
      rosterAgeMs: hasRoster ? Math.round(ageMs) : null,
      servers: listed.length,
      openServers: listed.reduce((sum, isOpen) => sum + isOpen, 0),
      probing: facts.peers?.facts(),
      counters: counters.read(),
    };
    return {
      status: reason === undefined ? 200 : 503,
      headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
      body: JSON.stringify(body),
    };
  };
}
