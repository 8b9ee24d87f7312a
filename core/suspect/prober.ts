import type { Clock, PacketSource, RegistryStore, Rng, WatchStore } from '../ports.ts';
import type { RosterEntry, RosterView } from '../registry/roster.ts';
import { bytesToHex } from '../text.ts';
import { decodePacket } from '../wire/decode.ts';
import { encodeRequest } from '../wire/encode-request.ts';
import { KEEPALIVE_REQUEST_BYTES, NONCE_BYTES } from '../wire/limits.ts';
import { createAsked } from './asked.ts';
import type { ClosedRoster } from './closed-roster.ts';
import { createDetector, type Detector } from './detector.ts';
import { createMeetings } from './meetings.ts';
import { watchList } from './watch-list.ts';

/**
 * Probes the servers of the roster through their public addresses, as clients do, and tells the registry which of them
 * are silent (docs/DOORS.md, "Suspicion"). It never waits: what the registry does not take is tried again.
 */
export interface Prober {
  /** Sends what is due; call it every `TICK_MS` of core/suspect/detector.ts. */
  tick(): void;
  /** Reads the roster anew, and writes again what could not be written; call it about once a second. */
  sweep(): void;
  /** A datagram that came to the probing socket. */
  packet(bytes: Uint8Array, source: PacketSource): void;
  facts(): ProberFacts;
}

/** For the health port. */
export interface ProberFacts {
  readonly watched: number;
  /** Who probes, this one included. */
  readonly probers: number;
  /** Found silent by this one. */
  readonly suspects: readonly string[];
  /** Over half of the servers went dark at once: nobody is judged. */
  readonly degraded: boolean;
  /** Times that this process itself was too late to judge. */
  readonly stalls: number;
}

interface Target {
  readonly key: string;
  readonly address: string;
  readonly port: number;
}

const MEET_MS = 5_000;
/** Nonces drawn for a probe before it goes out with one whose answer will not be known: as if it had been lost. */
const MOST_NONCES = 8;
/** A client that tells nothing of itself, asking for IPv4 or for IPv6. */
const NOBODY = { 4: new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0]), 6: new Uint8Array(16) };
const NAME_BYTES = 4;

export interface ProberDeps {
  readonly roster: () => RosterView;
  readonly closed: Pick<ClosedRoster, 'close' | 'reopen'>;
  readonly store: Pick<RegistryStore, 'suspect'>;
  readonly watch: Pick<WatchStore, 'meet'>;
  readonly send: (bytes: Uint8Array, address: string, port: number) => void;
  readonly type: number;
  readonly clock: Clock;
  readonly rng: Rng;
  /** Its name among those that probe. @default a random one */
  readonly name?: string;
  /** Servers that it must watch before half of them says anything about its own network. @default 0 */
  readonly leastToCompare?: number;
  readonly counters: { count(name: 'probes' | 'suspected' | 'lifted'): void };
  /** Told how long a server was silent before it became suspect, in ms. @default nobody */
  readonly onDetected?: (silentMs: number) => void;
  /** The registry did not take a word. */
  readonly onError: (error: unknown) => void;
  /** A server is suspect from now on, or no more. */
  readonly onVerdict: (id: string, isSuspect: boolean) => void;
  /** Over half of the servers went dark at once, or answer again. */
  readonly onDegraded: (isDegraded: boolean) => void;
}

export function createProber(deps: ProberDeps): Prober {
  return new ServerProber(deps);
}

class ServerProber implements Prober {
  readonly #deps: ProberDeps;
  readonly #self: string;
  readonly #detector: Detector;
  readonly #meetings = createMeetings();
  readonly #asked = createAsked();
  readonly #suspects = new Set<string>();
  /** Words that the registry has not taken yet, by row key. */
  readonly #untold = new Map<string, boolean>();
  #watched: readonly RosterEntry[] = [];
  /** The roster suspected none of all servers when it was looked at last. */
  #wasCalm = false;
  #targets: ReadonlyMap<string, Target> = new Map();
  #wasDegraded = false;
  #metAtMs = Number.NEGATIVE_INFINITY;

  constructor(deps: ProberDeps) {
    this.#deps = deps;
    this.#self = deps.name ?? bytesToHex(deps.rng.bytes(NAME_BYTES));
    this.#detector = createDetector(() => deps.rng.float(), deps.leastToCompare);
  }

  tick(): void {
    const { probes, suspects } = this.#detector.tick(this.#deps.clock.monoMs());
    for (const id of suspects) {
      this.#detected(id);
      this.#judge(id, true);
    }
    if (this.#detector.isDegraded !== this.#wasDegraded) {
      this.#wasDegraded = this.#detector.isDegraded;
      this.#deps.onDegraded(this.#wasDegraded);
      // Who looks at the alarms need not wait for the next meeting.
      this.#metAtMs = Number.NEGATIVE_INFINITY;
    }
    for (const id of probes) this.#probe(id);
  }

  sweep(): void {
    const nowMs = this.#deps.clock.monoMs();
    this.#lookAround(nowMs);
    for (const key of this.#untold.keys()) void this.#tell(key);
    if (nowMs - this.#metAtMs < MEET_MS) return;
    this.#metAtMs = nowMs;
    void this.#meet(nowMs);
  }

  packet(bytes: Uint8Array, source: PacketSource): void {
    const decoded = decodePacket(bytes, { expect: 'response', type: this.#deps.type });
    if (!decoded.ok || decoded.packet.kind !== 'extended' || decoded.packet.role !== 'response') return;
    const { nonce, server, error } = decoded.packet;
    const nowMs = this.#deps.clock.monoMs();
    const asked = this.#asked.find(nonce, nowMs);
    const target = asked && this.#targets.get(asked.id);
    // An address may have passed to another server: only the one that was asked for can answer for itself.
    if (!asked || !target || error || server !== asked.id || source.port !== target.port) return;
    this.#asked.remove(nonce);
    if (this.#detector.answered(asked.id, asked.atMs, nowMs)) this.#judge(asked.id, false);
  }

  facts(): ProberFacts {
    const { isDegraded, stalls } = this.#detector;
    const probers = new Set([...this.#meetings.live(this.#deps.clock.monoMs()), this.#self]).size;
    return { watched: this.#targets.size, probers, suspects: [...this.#suspects], degraded: isDegraded, stalls };
  }

  #probe(id: string): void {
    const { rng, clock, type, send, counters } = this.#deps;
    const target = this.#targets.get(id);
    if (!target) return;
    const nowMs = clock.monoMs();
    let nonce = rng.bytes(NONCE_BYTES);
    for (let tries = 0; tries < MOST_NONCES && !this.#asked.put(nonce, id, nowMs); tries++)
      nonce = rng.bytes(NONCE_BYTES);
    const address = NOBODY[target.address.includes(':') ? 6 : 4];
    send(encodeRequest({ address, nonce }, { padTo: KEEPALIVE_REQUEST_BYTES, type }), target.address, target.port);
    counters.count('probes');
  }

  #judge(id: string, isSuspect: boolean): void {
    const { closed, counters, onVerdict } = this.#deps;
    const target = this.#targets.get(id);
    if (!target) return;
    if (isSuspect) closed.close(id);
    else closed.reopen(id);
    this.#suspects[isSuspect ? 'add' : 'delete'](id);
    counters.count(isSuspect ? 'suspected' : 'lifted');
    onVerdict(id, isSuspect);
    this.#untold.set(target.key, isSuspect);
    void this.#tell(target.key);
  }

  #detected(id: string): void {
    const { clock, onDetected } = this.#deps;
    const heardAtMs = this.#detector.heardAtMs(id);
    if (heardAtMs !== undefined) onDetected?.(clock.monoMs() - heardAtMs);
  }

  async #tell(key: string): Promise<void> {
    const { store, onError } = this.#deps;
    const isSuspect = this.#untold.get(key);
    if (isSuspect === undefined) return;
    try {
      await store.suspect(key, isSuspect);
      // Refused is as good: the row is gone. Where the word has changed meanwhile, the new one is still to be told.
      if (this.#untold.get(key) === isSuspect) this.#untold.delete(key);
    } catch (error) {
      onError(error);
    }
  }

  #lookAround(nowMs: number): void {
    const { roster, closed } = this.#deps;
    const view = roster();
    const entries = watchList(view, this.#meetings.live(nowMs), this.#self);
    // Thousands of servers a second are not to be written down anew while nothing has changed about them.
    const isCalm = view.suspect.every((bit) => bit === 0);
    if (isCalm && this.#wasCalm && isSame(this.#watched, entries)) return;
    this.#wasCalm = isCalm;
    this.#watched = entries;
    this.#asked.reserve(entries.length);
    this.#targets = new Map(
      entries.flatMap(({ key, server }): [string, Target][] => {
        const address = server.ipv4 ?? server.ipv6;
        const port = server.ports['probe'];
        return address === undefined || port === undefined ? [] : [[server.id, { key, address, port }]];
      }),
    );
    this.#detector.watch(
      entries.map(({ server: { id } }) => ({ id, isSuspect: view.suspect[view.indexOf.get(id)!] === 1 })),
      nowMs,
    );
    // Others watch it from now on, or its agent is gone: then the roster alone says whether it is given out.
    for (const id of this.#suspects) {
      if (this.#targets.has(id)) continue;
      this.#suspects.delete(id);
      closed.reopen(id);
    }
  }

  async #meet(nowMs: number): Promise<void> {
    const { watch, clock, onError } = this.#deps;
    try {
      const words = await watch.meet(this.#self, clock.wallMs(), this.#meetings.gone(nowMs), this.#wasDegraded);
      this.#meetings.heard(words, clock.monoMs());
    } catch (error) {
      onError(error);
    }
  }
}

function isSame(before: readonly RosterEntry[], entries: readonly RosterEntry[]): boolean {
  return before.length === entries.length && entries.every((entry, at) => entry === before[at]);
}
