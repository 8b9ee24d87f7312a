import { createSessionMachine, type SessionMachine } from '../../core/session/session-machine.ts';
import type {
  DoorAnswer,
  Endpoint,
  Grant,
  NamedServer,
  SessionAction,
  SessionEvent,
  SessionNotice,
  SessionOptions,
} from '../../core/session/types.ts';
import { seededRng } from './seeded-rng.ts';
import type { SimNetwork } from './sim-network.ts';

interface Channel {
  readonly via: 'udp' | 'tcp';
  readonly local: Endpoint;
  readonly to: Endpoint | undefined;
  connected: boolean;
  readonly waiting: Uint8Array[];
}

export interface SimClientOptions extends Partial<Omit<SessionOptions, 'rng'>> {
  readonly seed?: number;
  readonly doors: readonly Endpoint[];
  /** The door's HTTP API; absent: the client has none. */
  readonly post?: (avoid: readonly string[], wait?: string) => DoorAnswer | undefined;
  /** What is chosen where the client chooses; undefined: nothing ever comes. */
  readonly choose?: (avoid: readonly string[], cached: boolean) => readonly NamedServer[] | undefined;
  readonly resume?: Grant;
}

export interface Logged {
  readonly atMs: number;
  readonly notice: SessionNotice;
}

export interface Sent {
  readonly atMs: number;
  readonly via: 'udp' | 'tcp' | 'http';
  readonly localPort: number;
  readonly to: Endpoint | undefined;
  readonly bytes: Uint8Array;
}

/** Drives one session machine on the virtual clock: sockets, timer, name and HTTP are simulated. */
export class SimClient {
  readonly notices: Logged[] = [];
  readonly sent: Sent[] = [];
  readonly #network: SimNetwork;
  readonly #options: SimClientOptions;
  readonly #machine: SessionMachine;
  readonly #channels = new Map<number, Channel>();
  #nextPort = 40_000;
  #armedForMs = Number.POSITIVE_INFINITY;

  constructor(network: SimNetwork, options: SimClientOptions) {
    this.#network = network;
    this.#options = options;
    this.#machine = createSessionMachine({
      client: Uint8Array.of(1, 2, 3, 4),
      localAddress: {},
      http: options.post !== undefined,
      ...options,
      rng: seededRng(options.seed ?? 1),
    });
  }

  get openChannels(): number {
    return this.#channels.size;
  }

  /** Notices of one kind, in order. */
  all<Type extends SessionNotice['type']>(type: Type): (SessionNotice & { type: Type })[] {
    return this.notices.map(({ notice }) => notice).filter((notice) => notice.type === type) as (SessionNotice & {
      type: Type;
    })[];
  }

  at(type: SessionNotice['type']): number | undefined {
    return this.notices.find(({ notice }) => notice.type === type)?.atMs;
  }

  event(event: SessionEvent): void {
    for (const action of this.#machine.handle(event, this.#network.nowMs)) this.#perform(action);
    this.#arm();
  }

  /** Hands a packet to a channel as if it came from `from`, past the network's conditions. */
  inject(localPort: number, from: Endpoint, bytes: Uint8Array): void {
    for (const [channel, { local }] of this.#channels) {
      if (local.port === localPort) this.event({ type: 'packet', channel, from, bytes });
    }
  }

  /** Reports an ICMP error on every open UDP channel, as a forger would cause it. */
  injectRefusals(): void {
    for (const [channel, { via }] of [...this.#channels]) {
      if (via === 'udp') this.event({ type: 'channel-failed', channel });
    }
  }

  #arm(): void {
    const wakeAtMs = Math.max(this.#machine.wakeAtMs(), this.#network.nowMs);
    if (wakeAtMs === Number.POSITIVE_INFINITY || wakeAtMs >= this.#armedForMs) return;
    this.#armedForMs = wakeAtMs;
    this.#network.after(wakeAtMs - this.#network.nowMs, () => {
      if (this.#armedForMs !== wakeAtMs) return;
      this.#armedForMs = Number.POSITIVE_INFINITY;
      this.event({ type: 'tick' });
    });
  }

  #perform(action: SessionAction): void {
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
        this.#network.after(1, () => this.event({ type: 'doors', doors: this.#options.doors }));
        return;
      case 'http':
        this.#post(action);
        return;
      case 'http-cancel':
      case 'http-report':
        return;
      case 'choose': {
        const servers = this.#options.choose?.(action.avoid, action.cached);
        if (servers) this.#network.after(2 * this.#network.delayMs(), () => this.event({ type: 'chosen', servers }));
        return;
      }
      default:
        this.notices.push({ atMs: this.#network.nowMs, notice: action });
    }
  }

  #open(number: number, via: 'udp' | 'tcp', to: Endpoint | undefined): void {
    const local = { address: Uint8Array.of(192, 168, 1, 7), port: this.#nextPort++ };
    const channel: Channel = { via, local, to, connected: via === 'udp', waiting: [] };
    this.#channels.set(number, channel);
    if (via === 'udp' || !to) return;
    const state = this.#network.listener(to)?.state ?? 'gone';
    if (state === 'silent') return;
    this.#network.after(2 * this.#network.delayMs(), () => {
      if (this.#channels.get(number) !== channel) return;
      if (state === 'gone') return this.#fail(number);
      channel.connected = true;
      for (const bytes of channel.waiting.splice(0)) this.#deliver(number, channel, to, bytes);
    });
  }

  #send(number: number, to: Endpoint, bytes: Uint8Array): void {
    const channel = this.#channels.get(number);
    if (!channel) throw new Error(`sent on channel ${number}, which is not open`);
    this.sent.push({ atMs: this.#network.nowMs, via: channel.via, localPort: channel.local.port, to, bytes });
    if (channel.connected) this.#deliver(number, channel, to, bytes);
    else channel.waiting.push(bytes);
  }

  #deliver(number: number, channel: Channel, to: Endpoint, bytes: Uint8Array): void {
    const network = this.#network;
    const carry = (arrive: () => void): void => {
      if (channel.via === 'udp') network.carryDatagram(arrive);
      else network.after(network.delayMs(), arrive);
    };
    carry(() => {
      const listener = network.listener(to);
      const reply = (from: Endpoint) => (answer: Uint8Array) => {
        carry(() => {
          if (this.#channels.get(number) !== channel) return;
          this.event({ type: 'packet', channel: number, from, bytes: answer });
        });
      };
      if (listener?.state === 'up') listener.take(bytes, channel.local, channel.via, reply(to));
      // The network's "nobody there" reaches connected sockets alone.
      else if (listener?.state !== 'silent' && channel.to) carry(() => this.#fail(number));
    });
  }

  #fail(number: number): void {
    const channel = this.#channels.get(number);
    if (!channel) return;
    if (channel.via === 'tcp') this.#channels.delete(number);
    this.event({ type: 'channel-failed', channel: number });
  }

  #post({ request, avoid, wait }: SessionAction & { type: 'http' }): void {
    this.sent.push({ atMs: this.#network.nowMs, via: 'http', localPort: 0, to: undefined, bytes: new Uint8Array(0) });
    const answer = this.#options.post?.(avoid, wait);
    this.#network.after(4 * this.#network.delayMs(), () => {
      this.event({ type: 'http-answer', request, ...(answer && { answer }) });
    });
  }
}
