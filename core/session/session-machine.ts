import { type Refusal, refuse } from '../errors.ts';
import { DOOR_REQUEST_BYTES, MAX_AVOID } from '../wire/limits.ts';
import { backoffMs, stormMs } from './backoff.ts';
import { DoorSearch, type SearchOutcome } from './door-search.ts';
import { HOPELESS, NO_SERVER } from './refusals.ts';
import { ServerSession, type SessionOutcome } from './server-session.ts';
import { ServerWatch } from './server-watch.ts';
import { DEFAULT_KEEPALIVE } from './timing.ts';
import { Trial, type TrialOutcome } from './trial.ts';
import type {
  Grant,
  LossReport,
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
  /** `searching`: the door is on its way to give a server. */
  | { readonly name: 'idle' | 'searching' | 'closed' }
  | { readonly name: 'waiting'; readonly untilMs: number }
  | { readonly name: 'playing'; readonly session: ServerSession }
  | { readonly name: 'leaving'; readonly watch: ServerWatch }
  /** Servers are tried without the door. `direct`: without a ticket, since the door is away. */
  | { readonly name: 'trying'; readonly trial: Trial; readonly direct: boolean };

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
  readonly #search: DoorSearch;
  #actions: SessionAction[] = [];
  #phase: Phase = { name: 'idle' };
  /** Requests in a row that gave no confirmed session. */
  #failures = 0;
  /** The newest first; forgotten once another server is confirmed, or when nothing else is left. */
  #avoid: readonly string[] = [];
  /** Goes into one request: the first after a loss. */
  #report: LossReport | undefined;
  /** The grant that the application has; undefined before the first. */
  #granted: Grant | undefined;
  #resume: Grant | undefined;
  /** When the door gave the last server. */
  #sinceMs = 0;
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
    this.#search = new DoorSearch(this.#shared);
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
      case 'waiting':
        return phase.untilMs;
      case 'searching':
        return this.#search.wakeAtMs;
      case 'playing':
        return phase.session.wakeAtMs;
      case 'leaving':
        return phase.watch.wakeAtMs;
      case 'trying':
        return phase.trial.wakeAtMs;
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
        if (phase.name === 'idle') this.#start(event.resume, nowMs);
        return;
      case 'doors':
        this.#found(this.#search.doors(event.doors, nowMs), nowMs);
        return;
      case 'chosen':
        this.#found(this.#search.chosen(event, nowMs), nowMs);
        return;
      case 'packet':
        this.#packet(event, nowMs);
        return;
      case 'channel-failed':
        if (phase.name === 'searching') this.#search.failed(event.channel);
        else if (phase.name === 'playing') phase.session.failed(event.channel, nowMs);
        else if (phase.name === 'trying') phase.trial.failed(event.channel, nowMs);
        else if (phase.name === 'leaving') phase.watch.failed(event.channel, nowMs);
        return;
      case 'http-answer':
        this.#found(this.#search.httpAnswer(event, nowMs), nowMs);
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
    if (phase.name === 'searching') this.#found(this.#search.packet(channel, from, bytes, nowMs), nowMs);
    else if (phase.name === 'playing') {
      this.#settle(phase.session.packet(channel, from, bytes, nowMs), phase.session, nowMs);
    } else if (phase.name === 'trying') this.#settleTrial(phase.trial.packet(channel, from, bytes, nowMs), nowMs);
    else if (phase.name === 'leaving' && phase.watch.packet(channel, from, bytes, nowMs)) this.#end();
  }

  /** Whatever is due by now. */
  #advance(nowMs: number): void {
    const phase = this.#phase;
    if (phase.name === 'searching') this.#found(this.#search.tick(nowMs), nowMs);
    else if (phase.name === 'playing') this.#settle(phase.session.tick(nowMs), phase.session, nowMs);
    else if (phase.name === 'trying') this.#settleTrial(phase.trial.tick(nowMs), nowMs);
    else if (phase.name === 'leaving') {
      if (phase.watch.tick(nowMs)) this.#end();
    } else if (phase.name === 'waiting' && nowMs >= phase.untilMs) this.#ask(nowMs);
  }

  #start(resume: Grant | undefined, nowMs: number): void {
    this.#resume = resume;
    if (!resume) this.#ask(nowMs);
    else this.#try(resume, [resume.server, ...resume.alternates], resume.server.id, nowMs);
  }

  #ask(nowMs: number): void {
    const report = this.#report;
    this.#report = undefined;
    this.#phase = { name: 'searching' };
    this.#found(this.#search.start(this.#avoid, report, nowMs), nowMs);
  }

  #found(outcome: SearchOutcome | undefined, nowMs: number): void {
    if (!outcome || this.#phase.name !== 'searching') return;
    if (outcome.kind === 'granted') {
      this.#sinceMs = nowMs;
      this.#play(new ServerWatch(this.#shared, outcome.grant, outcome.via !== 'udp', nowMs), outcome.via);
    } else if (outcome.kind === 'direct') {
      const [server] = outcome.servers;
      const grant = server && { server, keepalive: DEFAULT_KEEPALIVE, alternates: [] };
      if (grant) this.#try(grant, outcome.servers, undefined, nowMs);
    } else this.#refused(outcome.refusal, nowMs);
  }

  #refused({ code, detail, retryAfterMs = 0 }: Refusal, nowMs: number): void {
    const why = detail === undefined ? { code } : { code, detail };
    if (!this.#granted && HOPELESS.includes(code)) {
      this.#shared.push({ type: 'failed', ...why });
      this.#end();
      return;
    }
    if (NO_SERVER.includes(code)) this.#avoid = [];
    this.#shared.push({ type: 'waiting', ...why, retryInMs: this.#backOff(retryAfterMs, nowMs) });
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
    const resumed = grant.ticket === this.#resume?.ticket && grant.server.id === this.#resume?.server.id;
    this.#granted = grant;
    this.#via = via;
    this.#phase = { name: 'playing', session: new ServerSession(this.#shared, watch) };
    this.#shared.push(from ? { type: 'reassigned', grant, via, from } : { type: 'assigned', grant, via, resumed });
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

  #settleTrial(outcome: TrialOutcome | undefined, nowMs: number): void {
    if (!outcome || this.#phase.name !== 'trying') return;
    if (outcome.kind === 'joined') this.#joined(outcome.watch);
    else if (this.#phase.direct && !this.#resume) this.#refused(refuse('client.no-answer'), nowMs);
    else this.#givenUp(nowMs);
  }

  /** In without the door, which would never hear of the loss: it is told by itself. */
  #joined(watch: ServerWatch): void {
    const isNews = this.#report && watch.grant.server.id !== this.#granted?.server.id;
    if (isNews) this.#search.tell(this.#report!, watch.via);
    this.#report = undefined;
    this.#play(watch, watch.via);
  }

  #lose({ grant, accepted }: ServerWatch, outcome: SessionOutcome & { kind: 'lost' }, nowMs: number): void {
    const { reason, code, joining } = outcome;
    this.#granted = grant;
    this.#shun(grant, reason === 'refused' ? 'refused' : 'silent');
    this.#shared.push({ type: 'lost', server: grant.server, reason, ...(code && { code }) });
    // A server that never answered counts like a refusal of the door: else a broken pool would be asked without pause.
    if (!accepted) this.#failures = Math.max(1, this.#failures);
    if (joining) {
      const trial = new Trial(this.#shared, joining, joining.grant.alternates, { doubtsUdp: this.#via !== 'udp' });
      this.#phase = { name: 'trying', trial, direct: false };
      this.#report = undefined;
      return;
    }
    // What the client chose itself it tries once more, if only the application's own connection broke.
    const again = reason === 'reported' && this.#shared.options.chooses ? [grant.server] : [];
    const others = grant.ticket === undefined ? [] : grant.alternates;
    // A ticket that was refused here is no better at an alternate.
    if (reason === 'refused') this.#givenUp(nowMs, 0);
    else this.#try(grant, [...again, ...others], grant.server.id, nowMs);
  }

  #shun({ server: { id }, ticket }: Grant, reason: LossReport['reason']): void {
    if (id !== '') this.#avoid = [id, ...this.#avoid.filter((other) => other !== id)].slice(0, MAX_AVOID);
    this.#report = ticket === undefined ? undefined : { ticket, reason };
  }

  /** These servers in turn, with what `grant` has for them; then the door. */
  #try(grant: Grant, servers: readonly NamedServer[], owner: string | undefined, nowMs: number): void {
    const options = { doubtsUdp: this.#via !== 'udp', ...(owner ? { owner } : {}) };
    const trial = Trial.of(this.#shared, grant, servers, options, nowMs);
    if (trial) this.#phase = { name: 'trying', trial, direct: grant.ticket === undefined };
    else this.#givenUp(nowMs);
  }

  /** No server was left to try: the door. Those that one server's death sends there come one after the other. */
  #givenUp(nowMs: number, playedMs = nowMs - this.#sinceMs): void {
    if (this.#resume && !this.#granted) this.#shun(this.#resume, 'silent');
    this.#resume = undefined;
    if (this.#failures > 0) this.#backOff(0, nowMs);
    else if (!this.#granted || playedMs === 0) this.#ask(nowMs);
    else this.#phase = { name: 'waiting', untilMs: nowMs + stormMs(playedMs, this.#shared.options.rng) };
  }

  #close(nowMs: number): void {
    const phase = this.#phase;
    if (phase.name === 'closed' || phase.name === 'leaving') return;
    this.#search.end();
    const watch = phase.name === 'playing' ? phase.session.leave(nowMs) : undefined;
    if (watch) this.#phase = { name: 'leaving', watch };
    else this.#end();
  }

  #end(): void {
    const phase = this.#phase;
    if (phase.name === 'leaving') phase.watch.end();
    if (phase.name === 'trying') phase.trial.end();
    this.#phase = { name: 'closed' };
    this.#shared.push({ type: 'closed' });
  }
}
