import type { ErrorCode } from '../errors.ts';
import { DOOR_REQUEST_BYTES, MAX_AVOID } from '../wire/limits.ts';
import { backoffMs } from './backoff.ts';
import { type DoorOutcome, DoorRequest, type Loss } from './door-request.ts';
import { ServerSession, type SessionOutcome } from './server-session.ts';
import { ServerWatch, type WatchOutcome } from './server-watch.ts';
import { RESOLVE_MS } from './timing.ts';
import type {
  Endpoint,
  Grant,
  NamedServer,
  SessionAction,
  SessionEvent,
  SessionOptions,
  SessionShared,
  Via,
} from './types.ts';

export interface SessionMachine {
  /** Takes one event and says what to do, in order. `nowMs` is monotonic and never goes back. */
  handle(event: SessionEvent, nowMs: number): readonly SessionAction[];
  /** When a `tick` is due, at once if that is past. Infinity: never, the session is over or waits for `start`. */
  wakeAtMs(): number;
}

type Phase =
  | { readonly name: 'idle' | 'closed' }
  | { readonly name: 'resolving'; readonly untilMs: number }
  | { readonly name: 'asking'; readonly request: DoorRequest }
  | { readonly name: 'waiting'; readonly untilMs: number }
  | { readonly name: 'playing'; readonly session: ServerSession }
  | { readonly name: 'leaving'; readonly watch: ServerWatch }
  /** One alternate is being asked; `rest` are the ones after it. */
  | { readonly name: 'failing-over'; readonly watch: ServerWatch; readonly rest: readonly NamedServer[] };

/** Codes that no repetition of the first request changes: a name or a field is wrong. */
const HOPELESS: readonly ErrorCode[] = ['assign.unknown-app', 'assign.unknown-world', 'http.bad-request'];

/** The door could give no server: with every other one full or gone, the one that was lost may be back. */
const NO_SERVER: readonly ErrorCode[] = [
  'assign.no-capacity',
  'assign.unavailable',
  'assign.unknown-app',
  'assign.unknown-world',
];

/**
 * The client's side of docs/PROTOCOL.md without any I/O: asks the door, keeps the session with the assigned server
 * alive, finds out that it is lost, and finds another. Deterministic: time comes with each event, randomness from
 * `options.rng`, and everything that is to happen goes out as actions.
 * @example
 * const machine = createSessionMachine({ client, http: false, localAddress: {}, rng });
 * for (const action of machine.handle({ type: 'start' }, nowMs)) perform(action);
 */
export function createSessionMachine(options: SessionOptions): SessionMachine {
  const machine = new Machine(options);
  return { handle: (event, nowMs) => machine.handle(event, nowMs), wakeAtMs: () => machine.wakeAtMs() };
}

class Machine {
  readonly #shared: SessionShared;
  #actions: SessionAction[] = [];
  #phase: Phase = { name: 'idle' };
  #doors: readonly Endpoint[] | undefined;
  /** Requests in a row that gave no confirmed session. */
  #failures = 0;
  /** The newest first; forgotten once another server is confirmed, or when nothing else is left. */
  #avoid: readonly string[] = [];
  /** Goes into one request: the first after a loss. */
  #report: Loss['report'];
  /** The grant that the application has; undefined before the first. */
  #granted: Grant | undefined;
  #via: Via = 'udp';

  constructor(options: SessionOptions) {
    let lastId = 0;
    this.#shared = {
      options,
      push: (action) => this.#actions.push(action),
      nextId: () => ++lastId,
      wait: undefined,
      doorPadTo: DOOR_REQUEST_BYTES,
    };
  }

  handle(event: SessionEvent, nowMs: number): readonly SessionAction[] {
    this.#take(event, nowMs);
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }

  wakeAtMs(): number {
    const phase = this.#phase;
    switch (phase.name) {
      case 'resolving':
      case 'waiting':
        return phase.untilMs;
      case 'asking':
        return phase.request.wakeAtMs;
      case 'playing':
        return phase.session.wakeAtMs;
      case 'leaving':
      case 'failing-over':
        return phase.watch.wakeAtMs;
      default:
        return Number.POSITIVE_INFINITY;
    }
  }

  /**
   * Time passes in `tick` alone: after a pause of the whole process the packets that wait in its sockets have to be
   * taken before silence is judged, whatever event comes first.
   */
  #take(event: SessionEvent, nowMs: number): void {
    const phase = this.#phase;
    switch (event.type) {
      case 'start':
        if (phase.name === 'idle') this.#ask(nowMs);
        return;
      case 'doors':
        if (event.doors.length > 0 || !this.#doors) this.#doors = event.doors;
        if (phase.name === 'resolving') this.#request(nowMs);
        return;
      case 'packet':
        this.#packet(event, nowMs);
        return;
      case 'channel-failed':
        if (phase.name === 'asking') phase.request.failed(event.channel);
        else if (phase.name === 'playing') phase.session.failed(event.channel, nowMs);
        else if ('watch' in phase) phase.watch.failed(event.channel, nowMs);
        return;
      case 'http-answer':
        if (phase.name === 'asking') this.#judge(phase.request.httpAnswer(event.request, event.answer), nowMs);
        return;
      case 'close':
        this.#close(nowMs);
        return;
      case 'sent':
        if (phase.name === 'playing') phase.session.watch.sent(event.count, nowMs);
        return;
      case 'received':
        if (phase.name === 'playing') phase.session.watch.received(nowMs);
        return;
      case 'lost':
        if (phase.name === 'playing') this.#settle(phase.session.reportLost(), phase.session, nowMs);
        return;
      case 'tick':
        this.#advance(nowMs);
    }
  }

  #packet({ channel, from, bytes }: SessionEvent & { type: 'packet' }, nowMs: number): void {
    const phase = this.#phase;
    if (phase.name === 'asking') this.#judge(phase.request.packet(channel, from, bytes), nowMs);
    else if (phase.name === 'playing') {
      this.#settle(phase.session.packet(channel, from, bytes, nowMs), phase.session, nowMs);
    } else if ('watch' in phase) this.#settleOther(phase, phase.watch.packet(channel, from, bytes, nowMs), nowMs);
  }

  /** Whatever is due by now. */
  #advance(nowMs: number): void {
    const phase = this.#phase;
    if (phase.name === 'asking') this.#judge(phase.request.tick(nowMs), nowMs);
    else if (phase.name === 'playing') this.#settle(phase.session.tick(nowMs), phase.session, nowMs);
    else if ('watch' in phase) this.#settleOther(phase, phase.watch.tick(nowMs), nowMs);
    else if (phase.name === 'resolving' && nowMs >= phase.untilMs) this.#request(nowMs);
    else if (phase.name === 'waiting' && nowMs >= phase.untilMs) this.#ask(nowMs);
  }

  /** A new request; the name is resolved anew each time, but only the first request waits for it. */
  #ask(nowMs: number): void {
    this.#shared.push({ type: 'resolve' });
    if (this.#doors) this.#request(nowMs);
    else this.#phase = { name: 'resolving', untilMs: nowMs + RESOLVE_MS };
  }

  #request(nowMs: number): void {
    const report = this.#report;
    this.#report = undefined;
    const loss = { avoid: this.#avoid, ...(report && { report }) };
    const request = new DoorRequest(this.#shared, this.#doors ?? [], loss, nowMs);
    this.#phase = { name: 'asking', request };
    this.#judge(request.tick(nowMs), nowMs);
  }

  #judge(outcome: DoorOutcome | undefined, nowMs: number): void {
    if (!outcome || this.#phase.name !== 'asking') return;
    this.#phase.request.end();
    if (outcome.kind === 'granted') {
      this.#play(new ServerWatch(this.#shared, outcome.grant, outcome.via !== 'udp', nowMs), outcome.via);
      return;
    }
    const { code, detail, retryAfterMs = 0 } = outcome.refusal;
    const why = detail === undefined ? { code } : { code, detail };
    if (!this.#granted && HOPELESS.includes(code)) {
      this.#shared.push({ type: 'failed', ...why });
      this.#end();
      return;
    }
    if (NO_SERVER.includes(code)) this.#avoid = [];
    const retryInMs = this.#backOff(retryAfterMs, nowMs);
    this.#shared.push({ type: 'waiting', ...why, retryInMs });
  }

  #backOff(retryAfterMs: number, nowMs: number): number {
    const retryInMs = backoffMs(this.#failures++, retryAfterMs, this.#shared.options.rng);
    this.#phase = { name: 'waiting', untilMs: nowMs + retryInMs };
    return retryInMs;
  }

  /** The application gets a server. */
  #play(watch: ServerWatch, via: Via): void {
    const from = this.#granted?.server;
    const { grant } = watch;
    this.#granted = grant;
    this.#via = via;
    this.#phase = { name: 'playing', session: new ServerSession(this.#shared, watch) };
    this.#shared.push(from ? { type: 'reassigned', grant, via, from } : { type: 'assigned', grant, via });
    if (watch.accepted) this.#confirm();
  }

  /** The server has answered: what went wrong before is over. */
  #confirm(): void {
    this.#failures = 0;
    this.#avoid = [];
  }

  #settle(outcome: SessionOutcome | undefined, { watch }: ServerSession, nowMs: number): void {
    if (watch.accepted) this.#confirm();
    if (outcome?.kind === 'moved') this.#play(outcome.to, outcome.to.via);
    if (outcome?.kind === 'lost') this.#lose(watch, outcome, nowMs);
  }

  /** An alternate or a server that is left: what its answer or silence means. */
  #settleOther(phase: Phase & { name: 'leaving' | 'failing-over' }, outcome: WatchOutcome | undefined, nowMs: number) {
    const { watch } = phase;
    if (phase.name === 'leaving') {
      if (outcome) this.#end();
    } else if (watch.accepted) {
      this.#play(watch, watch.via);
    } else if (outcome) {
      watch.end();
      this.#tryAlternate(watch.grant, phase.rest, nowMs);
    }
  }

  #lose({ grant, accepted }: ServerWatch, outcome: SessionOutcome & { kind: 'lost' }, nowMs: number): void {
    const { reason, code, joining } = outcome;
    const { id } = grant.server;
    this.#granted = grant;
    if (id !== '') this.#avoid = [id, ...this.#avoid.filter((other) => other !== id)].slice(0, MAX_AVOID);
    const why = reason === 'refused' ? 'refused' : 'silent';
    this.#report = grant.ticket === undefined ? undefined : { ticket: grant.ticket, reason: why };
    this.#shared.push({ type: 'lost', server: grant.server, reason, ...(code && { code }) });
    // A server that never answered counts like a refusal of the door: else a broken pool would be asked without pause.
    if (!accepted) this.#failures = Math.max(1, this.#failures);
    if (joining) this.#phase = { name: 'failing-over', watch: joining, rest: joining.grant.alternates };
    // A ticket that was refused here is no better at an alternate.
    else this.#tryAlternate(grant, reason === 'refused' ? [] : grant.alternates, nowMs);
  }

  /** The next alternate that the ticket is good for, or the door: at once if all was well until now. */
  #tryAlternate(grant: Grant, alternates: readonly NamedServer[], nowMs: number): void {
    const [server, ...rest] = alternates;
    if (server && grant.ticket !== undefined) {
      const watch = new ServerWatch(this.#shared, { ...grant, server, alternates: rest }, this.#via !== 'udp', nowMs);
      this.#phase = { name: 'failing-over', watch, rest };
    } else if (this.#failures === 0) {
      this.#ask(nowMs);
    } else {
      this.#backOff(0, nowMs);
    }
  }

  #close(nowMs: number): void {
    const phase = this.#phase;
    if (phase.name === 'closed' || phase.name === 'leaving') return;
    if (phase.name === 'asking') phase.request.end();
    const watch = phase.name === 'playing' ? phase.session.leave(nowMs) : undefined;
    if (watch) this.#phase = { name: 'leaving', watch };
    else this.#end();
  }

  #end(): void {
    if ('watch' in this.#phase) this.#phase.watch.end();
    this.#phase = { name: 'closed' };
    this.#shared.push({ type: 'closed' });
  }
}
