import type { HttpHandler } from '../../adapters/http/types.ts';
import { readGrant } from '../../client/http-answers.ts';
import { toGrant } from '../../client/named-server.ts';
import { createSessionMachine, type SessionMachine } from '../../core/session/session-machine.ts';
import type {
  DoorAnswer,
  Endpoint,
  Grant,
  SessionAction,
  SessionEvent,
  SessionNotice,
} from '../../core/session/types.ts';
import { formatAddress } from '../../core/wire/address.ts';
import { seededRng } from '../support/seeded-rng.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What a player tells of its life. */
export interface PlayerEvents {
  notice(player: Player, notice: SessionNotice): void;
  /** A game has let it in, or has not. */
  joined(player: Player, server: string): void;
  refused(player: Player, server: string, code: string): void;
}

export interface PlayerDeps {
  readonly time: VirtualTime;
  readonly name: string;
  readonly address: Uint8Array;
  readonly seed: number;
  readonly doors: readonly Endpoint[];
  /** @default 500 */
  readonly pingMs?: number | undefined;
  /** The HTTP API, undefined while it is away. */
  readonly api: () => HttpHandler | undefined;
  /** A line of text to the game at an address. */
  readonly toGame: (address: string, text: string, player: Player) => void;
  readonly events: PlayerEvents;
}

interface Channel {
  readonly via: 'udp' | 'tcp';
  readonly local: Endpoint;
  readonly to: Endpoint | undefined;
  connected: boolean;
  readonly waiting: Uint8Array[];
}

const PING_MS = 500;
const REPORT: readonly string[] = ['http-report'];
const HTTP_TIMEOUT_MS = 4_000;

/** One client: the SDK's session machine, and a game that is played all the time. */
export class Player {
  readonly name: string;
  readonly address: Uint8Array;
  /** What it has now. */
  grant: Grant | undefined;
  /** Its game has let it in, and it is there still. */
  isIn = false;
  /** Since when it has no server, by the world's clock. */
  lostAtMs: number | undefined;
  readonly #deps: PlayerDeps;
  readonly #channels = new Map<number, Channel>();
  #machine: SessionMachine | undefined;
  #lives = 0;
  #nextPort = 40_000;
  #armedForMs = Number.POSITIVE_INFINITY;

  constructor(deps: PlayerDeps) {
    this.#deps = deps;
    this.name = deps.name;
    this.address = deps.address;
  }

  /** Address of the server that it has. */
  get server(): string | undefined {
    return this.grant && formatAddress(this.grant.server.address);
  }

  /** Starts the program: with a grant from before, or by asking the door. */
  start(resume?: Grant): void {
    const { seed, name } = this.#deps;
    this.#lives++;
    this.#channels.clear();
    this.#armedForMs = Number.POSITIVE_INFINITY;
    this.#machine = createSessionMachine({
      client: new TextEncoder().encode(name),
      localAddress: {},
      http: true,
      rng: seededRng(seed + this.#lives),
    });
    this.#event({ type: 'start', ...(resume && { resume }) });
    this.#chat(this.#lives);
  }

  /** Ends the program without a word. */
  kill(): void {
    this.#lives++;
    this.#machine = undefined;
    this.#channels.clear();
    this.isIn = false;
  }

  /** A line from the game at `from`. */
  hear(from: string, text: string): void {
    if (from !== this.server || !this.#machine) return;
    const [word, ...rest] = text.split(' ');
    if (word === 'REFUSED') {
      this.isIn = false;
      this.#deps.events.refused(this, from, rest.join(' '));
      return;
    }
    this.#event({ type: 'received' });
    if (word !== 'WELCOME' || this.isIn) return;
    this.isIn = true;
    this.#deps.events.joined(this, from);
  }

  #chat(life: number): void {
    if (life !== this.#lives) return;
    const { time, toGame, name } = this.#deps;
    const { server } = this;
    if (server) {
      toGame(server, this.isIn ? 'PING x' : `JOIN ${name} ${this.grant?.ticket ?? ''}`.trim(), this);
      this.#event({ type: 'sent', count: 1 });
    }
    time.after(this.#deps.pingMs ?? PING_MS, () => this.#chat(life));
  }

  #event(event: SessionEvent): void {
    const { time } = this.#deps;
    for (const action of this.#machine?.handle(event, time.nowMs) ?? []) this.#perform(action);
    const wakeAtMs = Math.max(this.#machine?.wakeAtMs() ?? Number.POSITIVE_INFINITY, time.nowMs);
    if (wakeAtMs === Number.POSITIVE_INFINITY || wakeAtMs >= this.#armedForMs) return;
    this.#armedForMs = wakeAtMs;
    time.after(wakeAtMs - time.nowMs, () => {
      if (this.#armedForMs !== wakeAtMs) return;
      this.#armedForMs = Number.POSITIVE_INFINITY;
      this.#event({ type: 'tick' });
    });
  }

  #perform(action: SessionAction): void {
    const { time, doors } = this.#deps;
    switch (action.type) {
      case 'open':
        this.#open(action.channel, action.via, action.to);
        return;
      case 'send':
        this.#send(action.channel, action.to, action.bytes);
        return;
      case 'close':
        this.#channels.delete(action.channel);
        return;
      case 'resolve':
        time.after(1, () => this.#event({ type: 'doors', doors }));
        return;
      case 'http':
        void this.#post(action);
        return;
      case 'http-cancel':
      case 'choose':
        return;
      default:
        // Reports are told beside everything else; no answer depends on them.
        if (!REPORT.includes(action.type)) this.#notice(action as SessionNotice);
    }
  }

  #notice(notice: SessionNotice): void {
    if (notice.type === 'assigned' || notice.type === 'reassigned') {
      this.grant = notice.grant;
      this.isIn = false;
    }
    if (notice.type === 'lost') this.isIn = false;
    this.#deps.events.notice(this, notice);
  }

  #open(number: number, via: 'udp' | 'tcp', to: Endpoint | undefined): void {
    const { time } = this.#deps;
    const local = { address: this.address, port: this.#nextPort++ };
    const channel: Channel = { via, local, to, connected: via === 'udp', waiting: [] };
    this.#channels.set(number, channel);
    if (via === 'udp' || !to) return;
    if (time.listener(to)?.state !== 'up') return;
    time.after(2 * time.delayMs(), () => {
      if (this.#channels.get(number) !== channel) return;
      channel.connected = true;
      for (const bytes of channel.waiting.splice(0)) this.#deliver(number, channel, to, bytes);
    });
  }

  #send(number: number, to: Endpoint, bytes: Uint8Array): void {
    const channel = this.#channels.get(number);
    if (!channel) return;
    if (channel.connected) this.#deliver(number, channel, to, bytes);
    else channel.waiting.push(bytes);
  }

  #deliver(number: number, channel: Channel, to: Endpoint, bytes: Uint8Array): void {
    const { time } = this.#deps;
    const carry = (arrive: () => void): void => {
      if (channel.via === 'udp') time.carryDatagram(arrive);
      else time.after(time.delayMs(), arrive);
    };
    carry(() => {
      const listener = time.listener(to);
      if (listener?.state !== 'up') return;
      listener.take(bytes, channel.local, channel.via, (answer) =>
        carry(() => {
          if (this.#channels.get(number) !== channel) return;
          this.#event({ type: 'packet', channel: number, from: to, bytes: answer });
        }),
      );
    });
  }

  async #post({ request, avoid, wait }: SessionAction & { type: 'http' }): Promise<void> {
    const { time, api } = this.#deps;
    const later = (ms: number) => new Promise<void>((resolve) => time.after(ms, resolve));
    await later(2 * time.delayMs());
    const handler = api();
    const answer = handler && (await this.#ask(handler, avoid, wait));
    await later(answer ? 2 * time.delayMs() : HTTP_TIMEOUT_MS);
    this.#event({ type: 'http-answer', request, ...(answer && { answer }) });
  }

  async #ask(handler: HttpHandler, avoid: readonly string[], wait?: string): Promise<DoorAnswer | undefined> {
    const { status, body } = await handler({
      method: 'POST',
      path: '/v1/assignments',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ client: this.name, ...(avoid.length > 0 && { avoid }), ...(wait && { wait }) }),
      sourceAddress: formatAddress(this.address),
    });
    const plain = status === 201 ? readGrant(JSON.parse(String(body))) : undefined;
    const grant = plain && toGrant(plain, 4);
    return grant && { ok: true, grant };
  }
}
