import { type ErrorCode, OnedoorError } from '../core/errors.ts';
import { doorRefusal, portsByName, readResponsePacket } from '../core/session/answers.ts';
import { ownAddress } from '../core/session/door-request.ts';
import { sameBytes } from '../core/session/endpoint.ts';
import { familyBehind } from '../core/session/nat64.ts';
import type { Endpoint } from '../core/session/types.ts';
import { formatAddress } from '../core/wire/address.ts';
import { encodeRequest } from '../core/wire/encode-request.ts';
import { MAX_PACKET_BYTES, NONCE_BYTES } from '../core/wire/limits.ts';
import { type ExtendedResponse, WANT } from '../core/wire/packet.ts';
import type { RosterEntry, RosterPage } from '../core/wire/roster-page.ts';
import { type Channel, openTcp, openUdp } from './channels.ts';
import type { RosterServer } from './http-answers.ts';
import type { RosterQuery } from './http-api.ts';
import { familyOf } from './resolve.ts';

export interface RosterProbe {
  readonly door: Endpoint;
  readonly via: 'udp' | 'tcp';
  readonly query: RosterQuery;
  readonly type: number | undefined;
  readonly random: (length: number) => Uint8Array;
  readonly signal: AbortSignal;
}

export interface ProbedRoster {
  readonly version: number;
  readonly servers: readonly RosterServer[];
}

/** Requests on their way at the same time: each answer may have 1,200 bytes. */
const WINDOW = 16;
const REPEAT_MS = 350;
const MAX_SENT = 4;
/** A roster that changes while its pages come is begun anew, but not for ever. */
const MAX_EDITIONS = 4;
const MAX_COOKIES = 3;
/** More servers than a deployment has. */
const MAX_PAGES = 2_048;
const TICK_MS = 50;
const GIVE_UP_MS = 6_000;

interface Asked {
  readonly nonce: Uint8Array;
  sentAtMs: number;
  sent: number;
}

/**
 * The roster in pages from one door or agent (docs/PROTOCOL.md, "Pages").
 * @throws OnedoorError with the code that the door answered, or `client.no-answer`
 */
export function probeRoster(probe: RosterProbe): Promise<ProbedRoster> {
  return new Promise((resolve, reject) => new PageFetch(probe, resolve, reject).start());
}

class PageFetch {
  readonly #probe: RosterProbe;
  readonly #resolve: (roster: ProbedRoster) => void;
  readonly #reject: (error: unknown) => void;
  readonly #channel: Channel;
  readonly #asked = new Map<number, Asked>();
  readonly #pages = new Map<number, RosterPage>();
  readonly #startedAtMs = performance.now();
  #version: number | undefined;
  #count = 1;
  #editions = 1;
  #cookie: Uint8Array | undefined;
  #cookies = 0;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(probe: RosterProbe, resolve: (roster: ProbedRoster) => void, reject: (error: unknown) => void) {
    this.#probe = probe;
    this.#resolve = resolve;
    this.#reject = reject;
    const { door, via } = probe;
    const owner = {
      onPacket: (_from: Endpoint, bytes: Uint8Array) => this.#packet(bytes),
      onFailed: () => this.#fail('client.no-answer'),
    };
    this.#channel = via === 'tcp' ? openTcp(door, owner) : openUdp(familyOf(door.address), door, owner);
  }

  start(): void {
    this.#probe.signal.addEventListener('abort', this.#abort, { once: true });
    if (this.#probe.signal.aborted) {
      this.#abort();
      return;
    }
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#askMore();
  }

  readonly #abort = (): void => this.#end(() => this.#reject(this.#probe.signal.reason));

  #askMore(): void {
    for (let page = 0; page < this.#count && this.#asked.size < WINDOW; page++) {
      if (this.#pages.has(page) || this.#asked.has(page)) continue;
      const asked = { nonce: this.#probe.random(NONCE_BYTES), sentAtMs: 0, sent: 0 };
      this.#asked.set(page, asked);
      this.#send(page, asked);
    }
  }

  #send(page: number, asked: Asked): void {
    const { door, via, query, type } = this.#probe;
    asked.sent++;
    asked.sentAtMs = performance.now();
    const address = ownAddress({}, familyBehind(door.address));
    const fields = { address, nonce: asked.nonce, ...query, cookie: this.#cookie, want: WANT.roster, page };
    // Over TCP a response may be longer than its request, so padding would be waste.
    const padTo = via === 'tcp' ? 0 : MAX_PACKET_BYTES;
    this.#channel.send(door, encodeRequest(fields, { padTo, ...(type !== undefined && { type }) }));
  }

  #tick(): void {
    const nowMs = performance.now();
    const late = [...this.#asked].filter(([, { sentAtMs }]) => nowMs - sentAtMs >= REPEAT_MS);
    const isSilent = this.#probe.via === 'udp' && late.some(([, { sent }]) => sent === MAX_SENT);
    if (isSilent || nowMs - this.#startedAtMs > GIVE_UP_MS) this.#fail('client.no-answer');
    else if (this.#probe.via === 'udp') for (const [page, asked] of late) this.#send(page, asked);
  }

  #packet(bytes: Uint8Array): void {
    const response = readResponsePacket(bytes, this.#probe.type);
    const found = response && [...this.#asked].find(([, { nonce }]) => sameBytes(nonce, response.nonce));
    if (!response || !found || this.#isOver) return;
    const [page, asked] = found;
    if (response.rosterPage) this.#take(page, response.rosterPage);
    else this.#refuse(page, asked, response);
  }

  #take(asked: number, page: RosterPage): void {
    if (page.page !== Math.min(asked, page.pages - 1) || page.pages === 0 || page.pages > MAX_PAGES) return;
    this.#asked.delete(asked);
    if (this.#version !== page.version || this.#count !== page.pages) {
      if (this.#version !== undefined) this.#editions++;
      this.#version = page.version;
      this.#count = page.pages;
      this.#pages.clear();
      this.#asked.clear();
    }
    this.#pages.set(page.page, page);
    if (this.#editions > MAX_EDITIONS) this.#fail('assign.unavailable');
    else if (this.#pages.size === this.#count) this.#finish(page.version);
    else this.#askMore();
  }

  #refuse(page: number, asked: Asked, response: ExtendedResponse): void {
    const refusal = doorRefusal(response);
    if (!refusal) return;
    if (refusal.code === 'door.cookie-required' && response.cookie && this.#cookies++ < MAX_COOKIES + WINDOW) {
      this.#cookie = response.cookie.slice();
      if (asked.sent <= MAX_COOKIES) this.#send(page, asked);
      return;
    }
    this.#fail(refusal.code, refusal.retryAfterMs);
  }

  #finish(version: number): void {
    const { query } = this.#probe;
    const entries = [...this.#pages].sort(([a], [b]) => a - b).flatMap(([, { entries }]) => entries);
    const servers = entries.flatMap((entry) => listed(entry, query) ?? []);
    this.#end(() => this.#resolve({ version, servers }));
  }

  #fail(code: ErrorCode, retryAfterMs?: number): void {
    const { door, via } = this.#probe;
    const payload = { door: `${formatAddress(door.address)}:${door.port}`, via, retryAfterMs };
    this.#end(() => this.#reject(new OnedoorError(code, payload)));
  }

  #end(tell: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#timer);
    this.#probe.signal.removeEventListener('abort', this.#abort);
    void this.#channel.close().then(tell);
  }
}

/** Undefined where nobody can go. */
function listed(entry: RosterEntry, { app, world }: RosterQuery): RosterServer | undefined {
  if (entry.state === 'gone' || (!entry.ipv4 && !entry.ipv6)) return undefined;
  return {
    id: entry.id,
    ...(entry.ipv4 && { ipv4: formatAddress(entry.ipv4) }),
    ...(entry.ipv6 && { ipv6: formatAddress(entry.ipv6) }),
    ports: portsByName(entry.ports),
    ...(app !== undefined && { app }),
    ...(world !== undefined && { world }),
    ...(entry.group !== '' && { group: entry.group }),
    status: entry.suspect ? 'suspect' : entry.state,
    sessions: entry.sessions,
    capacity: entry.capacity,
    free: entry.free,
  };
}
