/** Who is in the arena and where; the agent decides who may come in, and learns twice a second who is there. */
import type { AgentLink, Session } from '../../local/game/agent-link.ts';

interface Player {
  readonly session: Session;
  readonly name: string;
  readonly show: (text: string) => void;
  at: readonly [number, number];
  go: readonly [number, number];
  heardMs: number;
}

export const TICK_MS = 100;
const TICKS_PER_REPORT = 5;
const SILENCE_MS = 3_000;
/** Of the arena's width, in one tick. */
const STEP = 0.02;
const MAX_NAME = 16;

export class World {
  readonly #link: AgentLink;
  readonly #capacity: number;
  /** By `address:port`, or by the key that a page got. */
  readonly #players = new Map<string, Player>();
  #ticks = 0;

  constructor(link: AgentLink, capacity: number) {
    this.#link = link;
    this.#capacity = capacity;
  }

  has(key: string): boolean {
    return this.#players.has(key);
  }

  /** Undefined: in; otherwise the agent's code, for the client to look for another server. */
  async enter(key: string, name: string, ticket: string, show: Player['show']): Promise<string | undefined> {
    const answer = await this.#link.join(ticket);
    if (!answer.ok) return answer.code;
    const { session } = answer;
    // The same seat from another port or page: the newer one plays.
    for (const [other, player] of this.#players) if (player.session.id === session.id) this.#players.delete(other);
    const at = [Math.random(), Math.random()] as const;
    const heardMs = performance.now();
    this.#players.set(key, { session, name: name.slice(0, MAX_NAME), show, at, go: [0, 0], heardMs });
    void this.#report();
    return undefined;
  }

  leave(key: string): void {
    const player = this.#players.get(key);
    if (!player) return;
    this.#players.delete(key);
    void this.#link.leave(player.session.id);
  }

  /** A sign of life, with a new direction if there is one. */
  steer(key: string, go?: unknown): void {
    const player = this.#players.get(key);
    if (!player) return;
    player.heardMs = performance.now();
    if (Array.isArray(go)) player.go = [within(go[0], -1), within(go[1], -1)];
  }

  /** Everybody takes a step and sees everybody; call it every `TICK_MS`. */
  tick(): void {
    const nowMs = performance.now();
    for (const [key, { heardMs }] of this.#players) if (nowMs - heardMs > SILENCE_MS) this.leave(key);
    const all = [...this.#players.values()];
    for (const player of all) {
      const [x, y] = player.at;
      player.at = [within(x + STEP * player.go[0], 0), within(y + STEP * player.go[1], 0)];
    }
    const seen = JSON.stringify({ at: all.map(({ name, at }) => [name, ...at]) });
    for (const { show } of all) show(seen);
    if (++this.#ticks % TICKS_PER_REPORT === 0) void this.#report();
  }

  /** The lobby and the door know it from the agent. */
  #report(): Promise<void> {
    const here = [...this.#players.values()];
    return this.#link.report({
      sessions: here.map(({ session }) => session),
      capacity: this.#capacity,
      participants: here.map(({ name }) => name),
      description: 'everybody is a dot',
    });
  }
}

function within(value: unknown, least: number): number {
  return Math.min(1, Math.max(least, Number(value) || 0));
}
