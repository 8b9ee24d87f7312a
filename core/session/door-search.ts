import { type Refusal, refuse } from '../errors.ts';
import { type DoorOutcome, DoorRequest } from './door-request.ts';
import { tellLoss } from './tell-loss.ts';
import { CHOOSE_MS, DOOR_UDP_AT_MS, RESOLVE_MS } from './timing.ts';
import type { Endpoint, LossReport, NamedServer, SessionEvent, SessionShared, Via } from './types.ts';

export type SearchOutcome =
  | DoorOutcome
  /** The door is away: these servers may let a client in without a ticket. */
  | { readonly kind: 'direct'; readonly servers: readonly NamedServer[] };

type Step =
  | { readonly name: 'idle' }
  | { readonly name: 'resolving'; readonly untilMs: number }
  /** The driver chooses servers; from the kept roster if the door is away. */
  | { readonly name: 'choosing'; readonly untilMs: number; readonly cached: boolean }
  | { readonly name: 'asking'; readonly request: DoorRequest };

/**
 * The way to a server through the door: resolve its name, let the driver choose if the client chooses, ask. One search at
 * a time; what was learned of the doors stays from one to the next.
 */
export class DoorSearch {
  readonly #shared: SessionShared;
  #step: Step = { name: 'idle' };
  #doors: readonly Endpoint[] | undefined;
  /** How far the list of doors is turned: after silence, others come first. */
  #turn = 0;
  /** What the driver chose, best first; the first one is being asked for. */
  #chosen: readonly NamedServer[] = [];
  #avoid: readonly string[] = [];
  /** Goes into one request: the first after a loss. */
  #report: LossReport | undefined;

  constructor(shared: SessionShared) {
    this.#shared = shared;
  }

  get wakeAtMs(): number {
    const step = this.#step;
    if (step.name === 'asking') return step.request.wakeAtMs;
    return step.name === 'idle' ? Number.POSITIVE_INFINITY : step.untilMs;
  }

  /** The name is resolved anew each time, but only the first request waits for it. */
  start(avoid: readonly string[], report: LossReport | undefined, nowMs: number): SearchOutcome | undefined {
    this.#avoid = avoid;
    this.#report = report;
    this.#chosen = [];
    this.#shared.push({ type: 'resolve' });
    return this.#shared.options.chooses ? this.#letChoose(false, nowMs) : this.#requestSoon(nowMs);
  }

  doors(doors: readonly Endpoint[], nowMs: number): SearchOutcome | undefined {
    if (doors.length > 0 || !this.#doors) this.#doors = doors;
    return this.#step.name === 'resolving' ? this.#request(nowMs) : undefined;
  }

  chosen({ servers, refusal }: SessionEvent & { type: 'chosen' }, nowMs: number): SearchOutcome | undefined {
    if (this.#step.name !== 'choosing') return undefined;
    const { cached } = this.#step;
    if (servers.length === 0)
      return this.#finish({ kind: 'refused', refusal: refusal ?? refuse('assign.no-capacity') });
    if (cached) return this.#finish({ kind: 'direct', servers });
    this.#chosen = servers;
    return this.#requestSoon(nowMs);
  }

  packet(channel: number, from: Endpoint, bytes: Uint8Array, nowMs: number): SearchOutcome | undefined {
    return this.#step.name === 'asking'
      ? this.#judge(this.#step.request.packet(channel, from, bytes), nowMs)
      : undefined;
  }

  httpAnswer({ request, answer }: SessionEvent & { type: 'http-answer' }, nowMs: number): SearchOutcome | undefined {
    return this.#step.name === 'asking'
      ? this.#judge(this.#step.request.httpAnswer(request, answer), nowMs)
      : undefined;
  }

  failed(channel: number): void {
    if (this.#step.name === 'asking') this.#step.request.failed(channel);
  }

  tick(nowMs: number): SearchOutcome | undefined {
    const step = this.#step;
    if (step.name === 'asking') return this.#judge(step.request.tick(nowMs), nowMs);
    if (step.name === 'idle' || nowMs < step.untilMs) return undefined;
    return step.name === 'resolving' ? this.#request(nowMs) : this.#finish(NO_ANSWER);
  }

  /** What became of a server, told to the door by whoever wants no other one. `via`: a way that works. */
  tell(report: LossReport, via: Via): void {
    tellLoss(this.#shared, turned(this.#doors ?? [], this.#turn)[0], report, via);
  }

  end(): void {
    if (this.#step.name === 'asking') this.#step.request.end();
    this.#step = { name: 'idle' };
  }

  #letChoose(cached: boolean, nowMs: number): undefined {
    this.#step = { name: 'choosing', untilMs: nowMs + CHOOSE_MS, cached };
    this.#shared.push({ type: 'choose', avoid: this.#avoid, cached });
  }

  #requestSoon(nowMs: number): SearchOutcome | undefined {
    if (this.#doors) return this.#request(nowMs);
    this.#step = { name: 'resolving', untilMs: nowMs + RESOLVE_MS };
    return undefined;
  }

  #request(nowMs: number): SearchOutcome | undefined {
    const report = this.#report;
    this.#report = undefined;
    const pick = this.#chosen[0]?.id;
    const wish = { avoid: this.#avoid, ...(report && { report }), ...(pick !== undefined && { pick }) };
    const request = new DoorRequest(this.#shared, turned(this.#doors ?? [], this.#turn), wish, nowMs);
    this.#step = { name: 'asking', request };
    return this.#judge(request.tick(nowMs), nowMs);
  }

  #judge(answered: DoorOutcome | undefined, nowMs: number): SearchOutcome | undefined {
    if (!answered || this.#step.name !== 'asking') return undefined;
    this.#step.request.end();
    const outcome = asChosen(answered, this.#chosen[0]);
    if (outcome.kind === 'granted') return this.#finish(outcome);
    const { code } = outcome.refusal;
    if (code === 'assign.no-capacity' && this.#chosen.length > 1) {
      this.#chosen = this.#chosen.slice(1);
      return this.#request(nowMs);
    }
    if (code !== 'client.no-answer') return this.#finish(outcome);
    this.#turn += DOOR_UDP_AT_MS.length;
    if (this.#chosen.length > 0) return this.#finish({ kind: 'direct', servers: this.#chosen });
    return this.#shared.options.cached ? this.#letChoose(true, nowMs) : this.#finish(outcome);
  }

  #finish(outcome: SearchOutcome): SearchOutcome {
    this.#step = { name: 'idle' };
    return outcome;
  }
}

const NO_ANSWER: SearchOutcome = { kind: 'refused', refusal: refuse('client.no-answer') };
const OTHER_SERVER: Refusal = refuse('assign.no-capacity');

/**
 * What the answer means to a client that chose `picked`. Where there are no seats, an agent that was asked answers for
 * itself, and the client goes to the server of its choice; a ticket for another server is none for this one.
 */
function asChosen(outcome: DoorOutcome, picked: NamedServer | undefined): DoorOutcome {
  if (outcome.kind === 'refused' || !picked || outcome.grant.server.id === picked.id) return outcome;
  if (outcome.grant.ticket !== undefined) return { kind: 'refused', refusal: OTHER_SERVER };
  return { ...outcome, grant: { ...outcome.grant, server: picked, alternates: [] } };
}

/** The list begun `by` further on, so that each comes first once. */
function turned<T>(list: readonly T[], by: number): readonly T[] {
  if (list.length <= DOOR_UDP_AT_MS.length) return list;
  const at = by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}
