import { createHttpServer } from '../adapters/http/server.ts';
import type { HttpHandler } from '../adapters/http/types.ts';
import { createLimitLog } from '../adapters/system/limit-log.ts';
import type { createLogger } from '../adapters/system/logger.ts';
import { openTcp } from '../adapters/tcp/tcp-endpoint.ts';
import type { SelfKnock } from '../adapters/udp/self-knock.ts';
import { openTransport } from '../adapters/udp/transport.ts';
import type { Clock } from '../core/ports.ts';
import type { ProberFacts } from '../core/suspect/prober.ts';
import type { Door } from './compose.ts';
import { createHealthHandler, type HealthFacts } from './health.ts';
import type { DoorOptions } from './options.ts';

type Log = Pick<ReturnType<typeof createLogger>, 'info' | 'warn'>;

/** A running gateway. */
export interface RunningDoor {
  readonly port: number;
  readonly healthPort: number;
  /** What the health port answers. */
  readonly health: HttpHandler;
  /** Fails health, waits for the load balancer, closes everything. */
  stop(): Promise<void>;
}

const SWEEP_MS = 1_000;
const LOG_AGAIN_MS = 10_000;

/** What a running door tells of itself, and is told from time to time, beside its answers. */
interface Surroundings {
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  /** Items of the registry that were skipped. */
  readonly unreadable: () => number;
  readonly probing: () => ProberFacts;
  /** Called about once a second. */
  readonly onTick: () => void;
  /** Not started. */
  readonly knock: SelfKnock;
  readonly siblings: HealthFacts['siblings'];
}

/** Opens the ports and keeps the roster fresh. Rejects with the system's error if a port cannot be had. */
export async function runDoor(door: Door, options: DoorOptions, surroundings: Surroundings): Promise<RunningDoor> {
  const { clock, log, version, unreadable, probing, onTick, knock, siblings } = surroundings;
  const onError = (err: unknown): void => log.warn({ err }, 'an answer failed');
  const { bind, port, transport: choice } = options;
  const reusePort = options.processes > 1;
  const udp = await openTransport({ bind, port, choice, reusePort, handler: knock.guard(door.handle), onError });
  log.info({ transport: udp.kind, receiveBufferBytes: udp.receiveBufferBytes }, 'datagrams are taken in');
  for (const remark of udp.remarks) log.warn(remark);
  const onRefused = () => door.counters.refused('wire.too-many-connections');
  const tcp = await openTcp({ bind, port: udp.port, reusePort, handler: door.handle, onError, onRefused });
  const tellLimits = createLimitLog(door.counters.read, (limits) => log.warn({ limits }, 'limits were reached'));
  const udpAliveAtMs = () => knock.aliveAtMs;
  const queueAgeMs = () => knock.queueAgeMs();
  const facts: HealthFacts = { stopping: false, version, unreadable, probing, siblings, udpAliveAtMs, queueAgeMs };
  const healthHandler = createHealthHandler(door, facts, clock);
  const health = createHttpServer({
    handler: healthHandler,
    onError,
    onRefused: () => door.counters.refused('http.too-many-connections'),
  });
  const { port: healthPort } = await health.listen(options.healthPort, options.healthBind);
  const stopRefreshing = keepRosterFresh(door, options, clock, log);
  knock.start(udp.port);
  const sweeping = setInterval(() => {
    door.sweep();
    tellLimits();
    onTick();
  }, SWEEP_MS);
  return {
    port: udp.port,
    healthPort,
    health: healthHandler,
    async stop() {
      facts.stopping = true;
      await new Promise((resolve) => setTimeout(resolve, options.stopMs));
      clearInterval(sweeping);
      knock.stop();
      stopRefreshing();
      await Promise.all([udp.close(), tcp.close(), health.close(0)]);
    },
  };
}

/** Reads the roster again and again; a registry that is away is logged once and then seldom. */
function keepRosterFresh(door: Door, options: DoorOptions, clock: Clock, log: Log): () => void {
  const complain = complainSeldom(log, clock, 'the roster cannot be read; going on with the last one');
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const turn = async (): Promise<void> => {
    try {
      await door.roster.refresh();
    } catch (error) {
      complain(error);
    }
    if (!stopped) timer = setTimeout(turn, options.config.rosterRefreshMs);
  };
  void turn();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

function complainSeldom(log: Log, clock: Clock, message: string): (error: unknown) => void {
  let lastMs = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (clock.monoMs() - lastMs < LOG_AGAIN_MS) return;
    lastMs = clock.monoMs();
    log.warn({ err: error }, message);
  };
}
