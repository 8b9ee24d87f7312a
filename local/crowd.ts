import { createSocket, type Socket } from 'node:dgram';
import { connect, OnedoorError, type Session } from '../client/index.ts';
import type { EventSink } from './events.ts';
import { LOCAL_APP } from './settings.ts';

/** Clients that join, play and leave, with the SDK that games use. */
export interface Crowd {
  stop(): Promise<void>;
}

const PING_MS = 250;
const SAY_EVERY_PINGS = 20;
/** How long a client stays, and how long it pauses before it comes again. */
const STAY_MS = [15_000, 60_000] as const;
const PAUSE_MS = [500, 4_000] as const;
/** Clients arrive one after the other, so that the table can be watched filling up. */
const ARRIVE_MS = 40;

const between = ([least, most]: readonly [number, number]): number => least + Math.random() * (most - least);

export function startCrowd(size: number, deps: Omit<ClientDeps, 'signal'>): Crowd {
  const stopping = new AbortController();
  const clients = Array.from({ length: size }, (_, index) => {
    const name = `client-${String(index + 1).padStart(2, '0')}`;
    return live(name, index * ARRIVE_MS, { ...deps, signal: stopping.signal });
  });
  return {
    async stop() {
      stopping.abort();
      await Promise.all(clients);
    },
  };
}

interface ClientDeps {
  /** `ip:port` */
  readonly door: string;
  /** Where there are several doors: all their addresses now. */
  readonly addresses: (() => readonly string[]) | undefined;
  readonly http: string;
  readonly emit: EventSink;
  readonly signal: AbortSignal;
}

/** One client's life: sessions with pauses between them, until the crowd goes home. */
async function live(name: string, delayMs: number, deps: ClientDeps): Promise<void> {
  const { addresses, http, emit, signal } = deps;
  const door = addresses ? deps.door.replace(/^[^:]+/, 'doors.local') : deps.door;
  const resolve = addresses && { resolve: async () => addresses() };
  await pause(delayMs, signal);
  while (!signal.aborted) {
    try {
      const session = await connect({ door, http, app: LOCAL_APP, client: name, signal, ...resolve });
      await play(name, session, deps);
    } catch (error) {
      if (signal.aborted) return;
      emit({ event: 'refused', client: name, code: error instanceof OnedoorError ? error.code : String(error) });
    }
    await pause(between(PAUSE_MS), signal);
  }
}

/** Joins the game at the assigned address, talks for a while, leaves. */
async function play(name: string, session: Session, { emit, signal }: ClientDeps): Promise<void> {
  const socket = createSocket('udp4');
  const send = (text: string): void => {
    socket.send(text, session.server.ports['game'] ?? 0, session.server.address);
    session.sent();
  };
  const join = (): void => send(`JOIN ${name} ${session.ticket ?? ''}`.trim());
  let joined = false;
  let lostAtMs = 0;
  socket.on('error', () => {});
  socket.on('message', (bytes, from) => {
    if (from.address !== session.server.address) return;
    session.received();
    if (bytes.toString('utf8', 0, 7) === 'WELCOME') joined = true;
  });
  emit({ event: 'assigned', client: name, server: session.server.id, via: session.via });
  session.on('lost', ({ server }) => {
    lostAtMs = performance.now();
    emit({ event: 'lost', client: name, server: server.id });
  });
  session.on('reassigned', ({ server, from }) => {
    joined = false;
    join();
    const tookMs = lostAtMs === 0 ? 0 : Math.round(performance.now() - lostAtMs);
    emit({ event: 'reassigned', client: name, from: from.id, server: server.id, tookMs });
  });
  join();
  let pings = 0;
  const chatter = setInterval(() => {
    pings++;
    if (!joined) join();
    else send(pings % SAY_EVERY_PINGS === 0 ? `SAY hello from ${name}` : `PING ${pings}`);
  }, PING_MS);
  await pause(between(STAY_MS), signal);
  clearInterval(chatter);
  await leave(socket, session);
  emit({ event: 'left', client: name, server: session.server.id });
}

async function leave(socket: Socket, session: Session): Promise<void> {
  await new Promise<void>((resolve) => {
    socket.send('LEAVE', session.server.ports['game'] ?? 0, session.server.address, () => resolve());
  });
  socket.close();
  await session.close();
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
