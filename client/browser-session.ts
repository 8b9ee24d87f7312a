import { backoffMs } from '../core/session/backoff.ts';
import { HOPELESS } from '../core/session/refusals.ts';
import { MAX_AVOID } from '../core/wire/limits.ts';
import { OnedoorError } from './browser-error.ts';
import { type Choose, chooseServers } from './choose.ts';
import { deferred } from './deferred.ts';
import { Emitter } from './events.ts';
import type { PlainGrant, PlainServer, RosterServer } from './http-answers.ts';
import type { AssignAnswer, HttpApi } from './http-api.ts';
import type { SavedGrant } from './session-state.ts';

/** A server as the application sees it. */
export interface BrowserServer extends PlainServer {
  /** Numeric public address to connect to; a page on https needs a name with a certificate, which the app brings. */
  readonly address: string;
}

/** Events of a session, by name; as in Node. */
export interface BrowserSessionEvents {
  lost: { readonly server: BrowserServer };
  /** The session has another server: join it with `session.ticket`. */
  reassigned: { readonly server: BrowserServer; readonly from: BrowserServer };
  closed: { readonly server: BrowserServer };
  /** Something did not work, and the session goes on trying: `payload.retryInMs` says when. */
  error: OnedoorError;
}

export interface BrowserSettings {
  readonly api: HttpApi;
  /** Aborted at the end of the session. */
  readonly end: AbortController;
  /** What every request has. */
  readonly fields: {
    readonly app: string | undefined;
    readonly world: string | undefined;
    readonly group: string | undefined;
    readonly family: 4 | 6 | undefined;
  };
  readonly client: string;
  readonly choose: Choose | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly resume: SavedGrant | undefined;
  readonly list: () => Promise<readonly RosterServer[]>;
  readonly kept: () => Promise<readonly RosterServer[]>;
  readonly keep: () => Promise<void>;
}

/** A server that is lost sooner was none: the door is not asked without pause. */
const STEADY_MS = 5_000;

/** A client's session on the server that the door assigned. Game traffic is the application's own. */
export class BrowserSession {
  readonly #settings: BrowserSettings;
  readonly #events = new Emitter<BrowserSessionEvents>();
  readonly #opened = deferred<BrowserSession>();
  readonly #avoid: string[] = [];
  #grant: PlainGrant | undefined;
  #resumed = false;
  #failures = 0;
  #takenAtMs = 0;
  #isLooking = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** What `connect` does with options that were read; users have the type alone. */
  static async open(settings: BrowserSettings): Promise<BrowserSession> {
    const session = new BrowserSession(settings);
    const { signal, timeoutMs, resume } = settings;
    const giveUp = (reason: unknown): void => {
      session.#opened.reject(reason);
      session.close();
    };
    const timer = setTimeout(() => giveUp(session.#lastError ?? new OnedoorError('client.no-answer')), timeoutMs);
    signal?.addEventListener('abort', () => giveUp(signal.reason), { once: true });
    if (resume) {
      session.#resumed = true;
      session.#take(resume);
    } else void session.#look();
    try {
      return await session.#opened.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  private constructor(settings: BrowserSettings) {
    this.#settings = settings;
  }

  /** Where to play. Changes with `reassigned`. */
  get server(): BrowserServer {
    return this.#show(this.#grant!.server);
  }

  /** The seat on `server`, for its game to check; undefined for a server out of the kept roster. */
  get ticket(): string | undefined {
    return this.#grant!.ticket;
  }

  /** The identity that the ticket is bound to. */
  get client(): string {
    return this.#settings.client;
  }

  /** True while the session is on the server and seat of `resume`. */
  get resumed(): boolean {
    return this.#resumed;
  }

  /** Adds a listener; returns a function that removes it. */
  on<Name extends keyof BrowserSessionEvents>(
    name: Name,
    listener: (event: BrowserSessionEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  /** The server does not answer any more, or refused this client: the session looks for another at once. */
  lost(reason: 'silent' | 'refused' = 'silent'): void {
    const { end } = this.#settings;
    if (!this.#grant || this.#isLooking || end.signal.aborted) return;
    const grant = this.#grant;
    this.#resumed = false;
    this.#events.emit('lost', { server: this.server });
    this.report(reason).catch(() => {});
    this.#avoid.unshift(grant.server.id);
    this.#avoid.splice(MAX_AVOID);
    const [server, ...alternates] = grant.alternates;
    this.#failures = performance.now() - this.#takenAtMs < STEADY_MS ? this.#failures + 1 : 0;
    // The ticket is good at its alternates, but not if its own server refused it.
    if (server && grant.ticket !== undefined && reason === 'silent') this.#take({ ...grant, server, alternates });
    else if (this.#failures === 0) void this.#look();
    else this.#lookLater(0);
  }

  /** Tells the door that this client could not play on its server. `lost` does so by itself. */
  async report(reason: 'silent' | 'refused'): Promise<void> {
    const { ticket } = this;
    if (ticket !== undefined) await this.#settings.api.report(ticket, reason);
  }

  /** What is needed to come back to this server and seat: `connect({ ..., resume: state })`. JSON, as secret as a ticket. */
  state(): SavedGrant {
    const family = this.#settings.fields.family ?? 4;
    return { version: 1, client: this.client, family, ...this.#grant! };
  }

  /** The end: nothing follows but `closed`. */
  close(): void {
    const { end } = this.#settings;
    if (end.signal.aborted) return;
    clearTimeout(this.#timer);
    end.abort();
    if (this.#grant) this.#events.emit('closed', { server: this.server });
  }

  #lastError: OnedoorError | undefined;
  /** Wait token of the last refusal. */
  #wait: string | undefined;

  async #look(): Promise<void> {
    this.#isLooking = true;
    const answer = await this.#ask();
    if (this.#settings.end.signal.aborted) return;
    this.#isLooking = false;
    if (answer.ok) {
      this.#take(answer.grant);
      return;
    }
    const { code, ok: _, ...payload } = answer;
    if (code === 'assign.no-capacity' || code === 'assign.unavailable') this.#avoid.splice(0);
    if (!this.#grant && (HOPELESS as readonly string[]).includes(code)) {
      this.#opened.reject(new OnedoorError(code, payload));
      this.close();
      return;
    }
    const retryInMs = this.#lookLater(answer.retryAfterMs ?? 0);
    this.#lastError = new OnedoorError(code, { ...payload, retryInMs });
    this.#events.emit('error', this.#lastError);
  }

  #lookLater(retryAfterMs: number): number {
    const retryInMs = backoffMs(this.#failures++, retryAfterMs, { float: Math.random });
    this.#isLooking = true;
    this.#timer = setTimeout(() => void this.#look(), retryInMs);
    return retryInMs;
  }

  /** The door's answer to the best choice that it gives a seat on; while it is away, a server that was kept. */
  async #ask(): Promise<AssignAnswer> {
    const { api, fields, client, choose, list } = this.#settings;
    const common = { ...fields, client, wait: this.#wait, ...(this.#avoid.length > 0 && { avoid: this.#avoid }) };
    let last: AssignAnswer = { ok: false, code: 'assign.no-capacity' };
    try {
      const wanted = choose === undefined ? [undefined] : await this.#pick(await list(), choose);
      for (const server of wanted) {
        last = (await api.assign({ ...common, server: server?.id })) ?? { ok: false, code: 'client.no-answer' };
        this.#wait = last.ok ? undefined : last.wait;
        if (last.ok || last.code !== 'assign.no-capacity') return last;
      }
      return last;
    } catch (error) {
      const [server] = await this.#pick(await this.#settings.kept().catch(() => []), choose ?? 'random');
      if (server) return { ok: true, grant: { server, alternates: [] } };
      const { code, payload } = error instanceof OnedoorError ? error : new OnedoorError('client.no-answer');
      return { ok: false, code, ...payload };
    }
  }

  #pick(servers: readonly RosterServer[], choose: Choose): Promise<readonly RosterServer[]> {
    const { group, family = 4 } = this.#settings.fields;
    const there = servers.filter((server) => server[family === 4 ? 'ipv4' : 'ipv6'] !== undefined);
    return chooseServers(there, { choose, group, avoid: this.#avoid, random: Math.random });
  }

  #take(grant: PlainGrant): void {
    const from = this.#grant && this.server;
    this.#grant = grant;
    this.#takenAtMs = performance.now();
    this.#opened.resolve(this);
    if (from) this.#events.emit('reassigned', { server: this.server, from });
    else this.#settings.keep().catch(() => {});
  }

  #show(server: PlainServer): BrowserServer {
    const { ipv4 = '', ipv6 = '' } = server;
    return { ...server, address: this.#settings.fields.family === 6 ? ipv6 || ipv4 : ipv4 || ipv6 };
  }
}
