import { createSocket, type Socket } from 'node:dgram';
import { setTimeout as pause } from 'node:timers/promises';
import { connect, OnedoorError, type Session } from '../../client/index.ts';
import type { Rng } from '../../core/ports.ts';
import { LOCAL_APP } from '../../local/settings.ts';
import type { Books } from './books.ts';
import type { ChaosSystem } from './system.ts';

const PING_MS = 100;
const STAY_MS = [8_000, 40_000] as const;
const PAUSE_MS = [200, 1_500] as const;
/** A game that says nothing for so long is asked whether it still knows this client. */
const SILENCE_MS = 2_000;
const CONNECT_MS = 5_000;
const ARRIVE_MS = 30;

export interface CrowdDeps {
  readonly system: ChaosSystem;
  readonly books: Books;
  readonly rng: Rng;
  /** Whether this server served its clients without any trouble for a while. */
  readonly isWell: (address: string) => boolean;
}

/** One client with the SDK that games use, in the crowd for the whole run. */
export class ChaosClient {
  readonly name: string;
  /** Address of the server whose game has let it in. */
  playsAt: string | undefined;
  /** Since when it wants to play and does not; undefined while it plays or rests. */
  wantsSinceMs: number | undefined;
  readonly #deps: CrowdDeps;
  readonly #signal: AbortSignal;
  #isLeaving = false;
  #hadServer = false;
  #heardAtMs = 0;
  #stays = false;

  constructor(name: string, deps: CrowdDeps, signal: AbortSignal) {
    this.name = name;
    this.#deps = deps;
    this.#signal = signal;
  }

  /** Does not rest any more, so that at the end everybody plays. */
  settle(): void {
    this.#isLeaving = false;
    this.#stays = true;
  }

  async live(delayMs: number): Promise<void> {
    const { books } = this.#deps;
    await this.#rest(delayMs);
    while (!this.#signal.aborted) {
      this.wantsSinceMs ??= books.nowMs;
      const session = await this.#connect();
      if (session) {
        await this.#play(session);
        if (!this.#stays && !this.#signal.aborted) this.wantsSinceMs = undefined;
      }
      if (!this.#stays) await this.#rest(this.#between(PAUSE_MS));
    }
  }

  async #connect(): Promise<Session | undefined> {
    const { system, books } = this.#deps;
    const { probePort, gateways, api } = system;
    try {
      return await connect({
        door: `doors.local:${probePort}`,
        http: api,
        app: LOCAL_APP,
        client: this.name,
        signal: this.#signal,
        timeoutMs: CONNECT_MS,
        resolve: async () => gateways.map(({ address }) => address),
      });
    } catch (error) {
      if (this.#signal.aborted) return undefined;
      if (!(error instanceof OnedoorError)) throw error;
      books.refused.set(error.code, (books.refused.get(error.code) ?? 0) + 1);
      return undefined;
    }
  }

  async #play(session: Session): Promise<void> {
    const { books, isWell } = this.#deps;
    const socket = createSocket('udp4');
    this.#isLeaving = false;
    this.#hadServer = false;
    socket.on('error', () => {});
    socket.on('message', (bytes, from) => this.#heard(session, from.address, bytes.toString('utf8')));
    session.on('lost', ({ server, reason, code }) => {
      const wasIn = this.playsAt !== undefined;
      if (wasIn) {
        books.lost++;
        books.hold('cut', !isWell(server.address), () => `${this.name} lost ${server.id}: ${code ?? reason}`);
      }
      this.#out();
    });
    session.on('reassigned', () => {
      // Moved without a gap: the old one is over.
      if (this.playsAt !== undefined) books.lost++;
      this.#out();
    });
    const chatter = setInterval(() => {
      const { address, ports } = session.server;
      const isHeard = this.playsAt === address && books.nowMs - this.#heardAtMs < SILENCE_MS;
      const text = isHeard ? 'PING x' : `JOIN ${this.name} ${session.ticket ?? ''}`.trim();
      socket.send(text, ports['game'] ?? 0, address, () => {});
      session.sent();
    }, PING_MS);
    const untilMs = books.nowMs + this.#between(STAY_MS);
    while (!this.#signal.aborted && (this.#stays || books.nowMs < untilMs)) await this.#rest(PING_MS);
    clearInterval(chatter);
    await this.#leave(socket, session);
  }

  #heard(session: Session, from: string, text: string): void {
    const { books } = this.#deps;
    if (from !== session.server.address || this.#isLeaving) return;
    if (text.startsWith('REFUSED')) {
      // An agent that is on its way is asked again; anything else is over here.
      if (text.endsWith('agent.not-ready')) return;
      if (this.playsAt === from) books.lost++;
      this.#out();
      session.lost();
      return;
    }
    this.#heardAtMs = books.nowMs;
    session.received();
    if (!text.startsWith('WELCOME') || this.playsAt === from) return;
    books.opened++;
    if (this.#hadServer && this.wantsSinceMs !== undefined) books.gapsMs.push(books.nowMs - this.wantsSinceMs);
    this.#hadServer = true;
    this.playsAt = from;
    this.wantsSinceMs = undefined;
  }

  #out(): void {
    this.playsAt = undefined;
    this.wantsSinceMs ??= this.#deps.books.nowMs;
  }

  async #leave(socket: Socket, session: Session): Promise<void> {
    const { server } = session;
    this.#isLeaving = true;
    if (this.playsAt !== undefined) this.#deps.books.ended++;
    this.playsAt = undefined;
    this.wantsSinceMs = undefined;
    await new Promise<void>((resolve) => {
      socket.send('LEAVE', server.ports['game'] ?? 0, server.address, () => resolve());
    });
    socket.close();
    await session.close();
  }

  #between([least, most]: readonly [number, number]): number {
    return least + this.#deps.rng.float() * (most - least);
  }

  async #rest(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.#signal }).catch(() => {});
  }
}

export interface ChaosCrowd {
  readonly clients: readonly ChaosClient[];
  /** From now on all stay where they are. */
  settle(): void;
  stop(): Promise<void>;
}

export function startChaosCrowd(size: number, deps: CrowdDeps): ChaosCrowd {
  const stopping = new AbortController();
  const clients = Array.from({ length: size }, (_, n) => new ChaosClient(`client-${n}`, deps, stopping.signal));
  const lives = clients.map((client, n) => client.live(n * ARRIVE_MS));
  return {
    clients,
    settle: () => {
      for (const client of clients) client.settle();
    },
    async stop() {
      stopping.abort();
      await Promise.all(lives);
    },
  };
}
