import type { Rng } from '../../core/ports.ts';
import type { Endpoint } from '../../core/session/types.ts';
import { seededRng } from './seeded-rng.ts';

/** What the simulated network does to datagrams; TCP bytes are delayed only. */
export interface Conditions {
  readonly lossPct: number;
  readonly duplicatePct: number;
  /** Each packet draws its own delay, so packets overtake each other. */
  readonly delayMs: readonly [number, number];
  /** No UDP passes, in either direction. */
  readonly udpBlocked?: boolean;
}

const CALM: Conditions = { lossPct: 0, duplicatePct: 0, delayMs: [10, 10] };

type Reply = (bytes: Uint8Array) => void;

/** A listener on one address and port, for UDP and TCP alike. */
export interface SimListener {
  /** `gone`: nobody there, the network says so (ICMP, RST); `silent`: packets vanish. */
  state: 'up' | 'silent' | 'gone';
  take(bytes: Uint8Array, from: Endpoint, via: 'udp' | 'tcp', reply: Reply): void;
}

/** A network on a virtual clock: everything that happens is an entry of one queue, in order of time. */
export class SimNetwork {
  nowMs = 0;
  conditions: Conditions;
  readonly rng: Rng;
  readonly #listeners = new Map<string, SimListener>();
  readonly #queue: { readonly atMs: number; readonly order: number; readonly run: () => void }[] = [];
  #order = 0;

  constructor(seed: number, conditions: Conditions = CALM) {
    this.rng = seededRng(seed);
    this.conditions = conditions;
  }

  listen(at: Endpoint, listener: SimListener): void {
    this.#listeners.set(key(at), listener);
  }

  listener(at: Endpoint): SimListener | undefined {
    return this.#listeners.get(key(at));
  }

  after(ms: number, run: () => void): void {
    this.#queue.push({ atMs: this.nowMs + Math.max(ms, 0), order: this.#order++, run });
  }

  /** Runs until the clock shows `untilMs`, or nothing is left to happen. */
  run(untilMs: number): void {
    for (;;) {
      const next = this.#queue.reduce((best, entry) => (isBefore(entry, best) ? entry : best), this.#queue[0]!);
      if (next === undefined || next.atMs > untilMs) break;
      this.#queue.splice(this.#queue.indexOf(next), 1);
      this.nowMs = next.atMs;
      next.run();
    }
    this.nowMs = untilMs;
  }

  chance(pct: number): boolean {
    return this.rng.float() * 100 < pct;
  }

  /** One datagram on its way; `arrive` runs for each copy that arrives. */
  carryDatagram(arrive: () => void): void {
    const { lossPct, duplicatePct, udpBlocked } = this.conditions;
    if (udpBlocked || this.chance(lossPct)) return;
    this.after(this.delayMs(), arrive);
    if (this.chance(duplicatePct)) this.after(this.delayMs(), arrive);
  }

  delayMs(): number {
    const [least, most] = this.conditions.delayMs;
    return least + this.rng.float() * (most - least);
  }
}

function isBefore(one: { atMs: number; order: number }, other: { atMs: number; order: number }): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}

function key({ address, port }: Endpoint): string {
  return `${address.join('.')}:${port}`;
}
