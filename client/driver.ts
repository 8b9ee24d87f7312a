import { randomBytes } from 'node:crypto';
import { createSessionMachine } from '../core/session/session-machine.ts';
import type { Endpoint, SessionAction, SessionEvent, SessionNotice } from '../core/session/types.ts';
import { type Channel, openTcp, openUdp } from './channels.ts';
import { askOverHttp } from './http-assign.ts';
import { localAddresses } from './local-address.ts';
import type { Settings } from './options.ts';
import { familyOf, resolveDoor } from './resolve.ts';

/** The longest that Node's timers can wait; the machine is then asked again. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface DriverOwner {
  onNotice(notice: SessionNotice): void;
  /** The door's name could not be resolved; the session goes on with what it knows. */
  onResolveError(error: Error): void;
}

/** Performs what the session machine asks for, with Node's sockets, timers and resolver. */
export class Driver {
  readonly #settings: Settings;
  readonly #owner: DriverOwner;
  readonly #machine;
  readonly #channels = new Map<number, Channel>();
  readonly #requests = new Map<number, AbortController>();
  readonly #closing = new Set<Promise<void>>();
  readonly #waiting: SessionEvent[] = [];
  #isBusy = false;
  #holds = true;
  #family: 4 | 6;
  #timer: NodeJS.Timeout | undefined;
  #armedForMs = Number.POSITIVE_INFINITY;

  constructor(settings: Settings, owner: DriverOwner) {
    this.#settings = settings;
    this.#owner = owner;
    this.#family = settings.family === 6 ? 6 : 4;
    this.#machine = createSessionMachine({
      ...settings.names,
      client: new TextEncoder().encode(settings.client),
      ...(settings.type !== undefined && { type: settings.type }),
      localAddress: localAddresses(),
      http: settings.http !== undefined,
      rng: {
        float: () => randomBytes(4).readUInt32BE() / 2 ** 32,
        bytes: (length) => randomBytes(length),
      },
    });
  }

  /** Hands an event over. One that comes while another is being performed waits for its turn: order is everything. */
  event(event: SessionEvent): void {
    this.#waiting.push(event);
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
        for (const action of this.#machine.handle(next, performance.now())) this.#perform(action);
      }
    } finally {
      this.#isBusy = false;
    }
    this.#arm();
  }

  /** Whether timer and sockets keep the process alive. */
  hold(on: boolean): void {
    this.#holds = on;
    for (const channel of this.#channels.values()) channel.hold(on);
    if (on) this.#timer?.ref();
    else this.#timer?.unref();
  }

  /** Resolves when every socket that was closed so far is gone. */
  async settled(): Promise<void> {
    await Promise.all(this.#closing);
  }

  /** Only a wake that comes sooner moves the timer: the machine takes an early `tick` for nothing. */
  #arm(): void {
    const wakeAtMs = this.#machine.wakeAtMs();
    if (wakeAtMs >= this.#armedForMs) return;
    clearTimeout(this.#timer);
    this.#armedForMs = wakeAtMs;
    const delayMs = Math.min(Math.max(wakeAtMs - performance.now(), 0), MAX_TIMER_MS);
    // Sockets are read between timers and immediates: after a stall of the process, answers that came are seen first.
    this.#timer = setTimeout(() => setImmediate(() => this.#wake(wakeAtMs)), Math.ceil(delayMs));
    if (!this.#holds) this.#timer.unref();
  }

  #wake(wakeAtMs: number): void {
    if (this.#armedForMs !== wakeAtMs) return;
    this.#armedForMs = Number.POSITIVE_INFINITY;
    this.event({ type: 'tick' });
  }

  #perform(action: SessionAction): void {
    switch (action.type) {
      case 'open':
        this.#open(action);
        return;
      case 'send':
        this.#channels.get(action.channel)?.send(action.to, action.bytes);
        return;
      case 'close':
        this.#close(action.channel);
        return;
      case 'http':
        void this.#post(action.request, action.avoid);
        return;
      case 'http-cancel':
        this.#requests.get(action.request)?.abort();
        return;
      case 'resolve':
        void this.#resolve();
        return;
      case 'closed':
        clearTimeout(this.#timer);
        this.#armedForMs = Number.NEGATIVE_INFINITY;
    }
    this.#owner.onNotice(action);
  }

  #open({ channel, via, family, to }: SessionAction & { type: 'open' }): void {
    const owner = {
      onPacket: (from: Endpoint, bytes: Uint8Array) => this.event({ type: 'packet', channel, from, bytes }),
      onFailed: () => {
        if (via === 'tcp') this.#close(channel);
        this.event({ type: 'channel-failed', channel });
      },
    };
    const opened = via === 'tcp' && to ? openTcp(to, owner) : openUdp(family, to, owner);
    if (!this.#holds) opened.hold(false);
    this.#channels.set(channel, opened);
  }

  #close(channel: number): void {
    const closed = this.#channels.get(channel)?.close();
    this.#channels.delete(channel);
    if (closed) this.#track(closed);
  }

  #track(work: Promise<void>): void {
    const done = work.finally(() => this.#closing.delete(done));
    this.#closing.add(done);
  }

  async #post(request: number, avoid: readonly string[]): Promise<void> {
    const { http, names, client } = this.#settings;
    if (http === undefined) return;
    const abort = new AbortController();
    this.#requests.set(request, abort);
    const asked = askOverHttp({ base: http, ...names, client, avoid, family: this.#family, signal: abort.signal });
    this.#track(asked.then(() => {}));
    const answer = await asked;
    this.#requests.delete(request);
    this.event({ type: 'http-answer', request, ...(answer && { answer }) });
  }

  async #resolve(): Promise<void> {
    let doors: readonly Endpoint[] = [];
    try {
      doors = await resolveDoor(this.#settings.door, this.#settings.family);
      // Over HTTP nothing tells which family works; the door's own is the best guess.
      if (doors[0]) this.#family = familyOf(doors[0].address);
    } catch (error) {
      this.#owner.onResolveError(error as Error);
    }
    this.event({ type: 'doors', doors });
  }
}
