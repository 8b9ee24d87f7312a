import { createSocket, type Socket } from 'node:dgram';
import { createHttpServer } from '../adapters/http/server.ts';
import type { createLogger } from '../adapters/system/logger.ts';
import { openTcp } from '../adapters/tcp/tcp-endpoint.ts';
import { openUdp } from '../adapters/udp/udp-endpoint.ts';
import type { Clock, PacketHandler } from '../core/ports.ts';
import type { Door } from './compose.ts';
import { createHealthHandler, type HealthFacts } from './health.ts';
import type { DoorOptions } from './options.ts';

type Log = Pick<ReturnType<typeof createLogger>, 'warn'>;

/** A running gateway. */
export interface RunningDoor {
  readonly port: number;
  readonly healthPort: number;
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
  /** Called about once a second. */
  readonly onTick: () => void;
}

/** Opens the ports and keeps the roster fresh. Rejects with the system's error if a port cannot be had. */
export async function runDoor(door: Door, options: DoorOptions, surroundings: Surroundings): Promise<RunningDoor> {
  const { clock, log, version, unreadable, onTick } = surroundings;
  const onError = complainSeldom(log, clock, 'an answer failed');
  const knock = new SelfKnock(options.bind, clock);
  const udp = await openUdp({ bind: options.bind, port: options.port, handler: knock.guard(door.handle), onError });
  const tcp = await openTcp({ bind: options.bind, port: udp.port, handler: door.handle, onError });
  const facts: HealthFacts = { stopping: false, version, unreadable, udpAliveAtMs: () => knock.aliveAtMs };
  const health = createHttpServer({ handler: createHealthHandler(door, facts, clock), onError });
  const { port: healthPort } = await health.listen(options.healthPort, options.healthBind);
  const stopRefreshing = keepRosterFresh(door, options, clock, log);
  knock.start(udp.port);
  const sweeping = setInterval(() => {
    door.sweep();
    onTick();
  }, SWEEP_MS);
  return {
    port: udp.port,
    healthPort,
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

/**
 * Sends a datagram of one byte to the door's own port each second and listens for it there. A load balancer that checks
 * HTTP alone would not notice a UDP loop that is stuck.
 */
class SelfKnock {
  aliveAtMs: number;
  private readonly clock: Clock;
  private readonly own: string;
  private readonly socket: Socket;
  private timer: NodeJS.Timeout | undefined;
  private ownPort = -1;

  constructor(bind: string, clock: Clock) {
    this.clock = clock;
    this.aliveAtMs = clock.monoMs();
    this.own = bind === '0.0.0.0' ? '127.0.0.1' : bind === '::' ? '::1' : bind;
    this.socket = createSocket(this.own.includes(':') ? 'udp6' : 'udp4');
    this.socket.on('error', () => {});
  }

  /** The handler behind a look for our own datagram, which is shorter than any packet. */
  guard(handler: PacketHandler): PacketHandler {
    return (bytes, source) => {
      if (bytes.length === 1 && source.port === this.ownPort) {
        this.aliveAtMs = this.clock.monoMs();
        return undefined;
      }
      return handler(bytes, source);
    };
  }

  start(port: number): void {
    this.socket.bind(0, this.own, () => {
      this.ownPort = this.socket.address().port;
      this.timer = setInterval(() => this.socket.send(new Uint8Array(1), port, this.own), SWEEP_MS);
    });
  }

  stop(): void {
    clearInterval(this.timer);
    this.socket.close();
  }
}

function complainSeldom(log: Log, clock: Clock, message: string): (error: unknown) => void {
  let lastMs = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (clock.monoMs() - lastMs < LOG_AGAIN_MS) return;
    lastMs = clock.monoMs();
    log.warn({ err: error }, message);
  };
}
