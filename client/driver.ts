import { randomBytes } from 'node:crypto';
import { familyBehind, grantLike } from '../core/session/nat64.ts';
import { createSessionMachine } from '../core/session/session-machine.ts';
import type { Endpoint, LossReport, SessionAction, SessionEvent, SessionNotice } from '../core/session/types.ts';
import { type Channel, openTcp, openUdp } from './channels.ts';
import { chooseNow } from './chooser.ts';
import { askOverHttp } from './http-assign.ts';
import { localAddresses } from './local-address.ts';
import { createNodeApi } from './node-api.ts';
import type { Settings } from './options.ts';
import { resolveDoor } from './resolve.ts';
import type { RosterSource } from './roster-source.ts';

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
  readonly #source: RosterSource;
  readonly #owner: DriverOwner;
  readonly #machine;
  readonly #channels = new Map<number, Channel>();
  readonly #requests = new Map<number, AbortController>();
  readonly #closing = new Set<Promise<void>>();
  readonly #end = new AbortController();
  readonly #waiting: SessionEvent[] = [];
  #isBusy = false;
  #holds = true;
  /** An address of the door as it is reached from here: what servers are asked for, and reached like. */
  #like: Uint8Array;
  #timer: NodeJS.Timeout | undefined;
  #armedForMs = Number.POSITIVE_INFINITY;

  constructor(settings: Settings, source: RosterSource, owner: DriverOwner) {
    this.#settings = settings;
    this.#source = source;
    this.#owner = owner;
    this.#like = new Uint8Array(settings.family === 6 ? 16 : 4);
    this.#machine = createSessionMachine({
      ...settings.names,
      client: new TextEncoder().encode(settings.client),
      ...(settings.type !== undefined && { type: settings.type }),
      localAddress: localAddresses(),
      http: settings.http !== undefined,
      chooses: settings.choose !== undefined,
      cached: settings.cache !== undefined,
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

  /** Aborted at the end of the session. */
  get ending(): AbortSignal {
    return this.#end.signal;
  }

  /** The end of the session waits for this too. */
  track(work: Promise<void>): void {
    const done = work.finally(() => this.#closing.delete(done));
    this.#closing.add(done);
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
        void this.#post(action);
        return;
      case 'http-cancel':
        this.#requests.get(action.request)?.abort();
        return;
      case 'http-report':
        this.#report(action.report);
        return;
      case 'resolve':
        void this.#resolve();
        return;
      case 'choose':
        void this.#choose(action);
        return;
      case 'closed':
        this.#end.abort(new Error('the session is closed'));
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
    if (closed) this.track(closed);
  }

  async #post({ request, avoid, pick, wait, report }: SessionAction & { type: 'http' }): Promise<void> {
    const { http, names, client } = this.#settings;
    if (http === undefined) return;
    const abort = new AbortController();
    this.#requests.set(request, abort);
    // Told beside the question: no answer depends on it.
    if (report) this.#report(report);
    const wish = { ...names, client, avoid, ...(pick !== undefined && { pick }), ...(wait !== undefined && { wait }) };
    const asked = askOverHttp({ base: http, ...wish, family: familyBehind(this.#like), signal: abort.signal });
    this.track(asked.then(() => {}));
    const given = await asked;
    const answer = given?.ok ? { ...given, grant: grantLike(given.grant, this.#like) } : given;
    this.#requests.delete(request);
    this.event({ type: 'http-answer', request, ...(answer && { answer }) });
  }

  #report({ ticket, reason }: LossReport): void {
    const { http } = this.#settings;
    if (http === undefined) return;
    const told = createNodeApi(http, this.ending).report(ticket, reason);
    this.track(told.catch(() => {}));
  }

  async #choose({ avoid, cached }: SessionAction & { type: 'choose' }): Promise<void> {
    const wish = { avoid, cached, like: this.#like };
    const choosing = chooseNow({ settings: this.#settings, source: this.#source }, wish, this.ending);
    this.track(choosing.then(() => {}));
    this.event({ type: 'chosen', ...(await choosing) });
  }

  async #resolve(): Promise<void> {
    let doors: readonly Endpoint[] = [];
    try {
      const { door, family, resolve } = this.#settings;
      doors = await resolveDoor(door, family, resolve);
      // Over HTTP nothing tells which family works; the door's own is the best guess.
      if (doors[0]) this.#like = doors[0].address;
    } catch (error) {
      this.#owner.onResolveError(error as Error);
    }
    this.event({ type: 'doors', doors });
  }
}
