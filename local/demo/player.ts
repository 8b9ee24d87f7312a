import { connect, type Server, type Session } from '../../client/index.ts';
import type { GameLink, Join } from './clients/game-link.ts';

/** One time that a player's server was lost. */
export interface Move {
  readonly from: string;
  readonly lostAtMs: number;
  to?: string;
  /** When the player's client was on the new server. */
  joinedAtMs?: number;
}

/** Where players ask. */
export interface DoorNames {
  readonly door: string;
  readonly http: string;
}

const ASK_MS = 10_000;

/**
 * One client: a session of the SDK, and beside it a real client of the game, which does what the session says: it leaves
 * a server that is lost and joins the next one. Without a game client it is a session that gets no game traffic.
 */
export class Player {
  readonly name: string;
  readonly session: Session;
  readonly moves: Move[] = [];
  /** Times at which the game said something. */
  heard = 0;
  /** What went wrong at the last join. */
  trouble: unknown;
  readonly #join: Join | undefined;
  #link: Promise<GameLink | undefined> = Promise.resolve(undefined);
  #isLeaving = false;

  private constructor(name: string, session: Session, join: Join | undefined) {
    this.name = name;
    this.session = session;
    this.#join = join;
    session.on('lost', ({ server }) => this.#lost(server));
    session.on('reassigned', ({ server }) => void this.#moved(server));
  }

  /** Asks the door for a server of the app, and joins it. */
  static async arrive(name: string, app: string, { door, http }: DoorNames, join?: Join): Promise<Player> {
    const session = await connect({ door, http, app, client: name, timeoutMs: ASK_MS });
    const player = new Player(name, session, join);
    await player.#enter(session.server);
    if (player.trouble !== undefined) {
      await player.leave();
      throw player.trouble;
    }
    return player;
  }

  get serverId(): string {
    return this.session.server.id;
  }

  async leave(): Promise<void> {
    this.#isLeaving = true;
    await (await this.#link)?.leave();
    await this.session.close();
  }

  #lost({ id }: Server): void {
    this.moves.push({ from: id, lostAtMs: performance.now() });
    const old = this.#link;
    this.#link = Promise.resolve(undefined);
    void old.then((link) => link?.leave());
  }

  async #moved(server: Server): Promise<void> {
    await this.#enter(server);
    const move = this.moves.at(-1);
    if (!move || this.trouble !== undefined) return;
    move.to = server.id;
    move.joinedAtMs = performance.now();
  }

  async #enter({ address, ports }: Server): Promise<void> {
    if (!this.#join || this.#isLeaving) return;
    this.trouble = undefined;
    const traffic = {
      sent: () => this.session.sent(),
      received: () => {
        this.heard++;
        this.session.received();
      },
    };
    this.#link = this.#join(this.name, { address, port: ports['game'] ?? 0 }, traffic).catch((error: unknown) => {
      this.trouble = error;
      return undefined;
    });
    await this.#link;
  }
}
