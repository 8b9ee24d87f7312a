import { type ErrorCode, OnedoorError } from '../core/errors.ts';
import type { Grant, LossReason, NamedServer, SessionNotice, Via } from '../core/session/types.ts';
import { formatAddress } from '../core/wire/address.ts';
import { deferred } from './deferred.ts';
import { Driver } from './driver.ts';
import { Emitter } from './events.ts';
import { rosterQueryOf } from './http-api.ts';
import { toGrant, toPlain } from './named-server.ts';
import { createNodeApi } from './node-api.ts';
import type { Settings } from './options.ts';
import { familyOf } from './resolve.ts';
import { RosterSource } from './roster-source.ts';
import type { SavedGrant } from './session-state.ts';

/** A server as the application sees it. */
export interface Server {
  /** Short id, unique in the deployment; "" if the answer named none. */
  readonly id: string;
  /** Numeric public address to send game traffic to. */
  readonly address: string;
  readonly family: 4 | 6;
  /** The same server in the other family, if it has an address there. */
  readonly otherAddress: string | undefined;
  /** Ports by role: `game`, `probe`, `lobby`, `voice`, and the app's own. Absent: the app's well-known port. */
  readonly ports: Readonly<Record<string, number>>;
  /** As the answer says, else as asked for. */
  readonly app: string | undefined;
  readonly world: string | undefined;
  readonly group: string | undefined;
}

/** Events of a session, by name. */
export interface SessionEvents {
  /**
   * The server is lost: stop sending there. The session looks for another; `reassigned` follows. `code` says why the
   * server refused this client, where it did.
   */
  lost: { readonly server: Server; readonly reason: LossReason; readonly code: ErrorCode | undefined };
  /** The session has another server, with a ticket there: join it. `session.server` is already the new one. */
  reassigned: { readonly server: Server; readonly from: Server; readonly via: Via };
  /**
   * The server ends its sessions in `endsInMs` (undefined: it did not say when). Play on; `reassigned` follows as soon
   * as another server has taken this client in. Comes once more when another server is `named`.
   */
  moving: { readonly server: Server; readonly endsInMs: number | undefined; readonly named: boolean };
  /** The session is over: `close` was called or the signal aborted. Nothing follows. */
  closed: { readonly server: Server };
  /**
   * Something did not work, and the session goes on trying: `code` says what, `payload.retryInMs` when. A session
   * without listeners ignores it.
   */
  error: OnedoorError;
}

/**
 * A client's session on the server that the door assigned. Game traffic is the application's own: it goes directly to
 * `server`, and `sent` and `received` tell the session about it.
 * @example
 * const session = await connect({ door: 'play.example.com', app: 'arena' });
 * socket.send(hello(session.ticket), session.server.ports.game, session.server.address);
 * session.on('reassigned', ({ server }) => rejoin(server, session.ticket));
 */
export class Session {
  readonly #events = new Emitter<SessionEvents>();
  readonly #settings: Settings;
  readonly #driver: Driver;
  readonly #opened = deferred<Session>();
  readonly #closed = deferred<void>();
  readonly #source: RosterSource;
  #grant: Grant | undefined;
  #server: Server | undefined;
  #resumed = false;
  #via: Via = 'udp';
  #isOver = false;
  #lastError: OnedoorError | undefined;
  #resolveError: Error | undefined;

  /** What `connect` does with options that were read; users have the type alone. */
  static open(settings: Settings): Promise<Session> {
    return new Session(settings).#open();
  }

  private constructor(settings: Settings) {
    this.#settings = settings;
    this.#source = new RosterSource(settings);
    this.#driver = new Driver(settings, this.#source, {
      onNotice: (notice) => this.#learn(notice),
      onResolveError: (error) => {
        this.#resolveError = error;
      },
    });
  }

  /** Where to play. Changes with `reassigned`. */
  get server(): Server {
    return this.#server!;
  }

  /** The seat on `server`, for its game to check; undefined where the deployment works without seats. */
  get ticket(): string | undefined {
    return this.#grant?.ticket;
  }

  /** True if `connect` came back to the server and seat of its `resume`. */
  get resumed(): boolean {
    return this.#resumed;
  }

  /** How the present server was found: `udp`, `tcp` or `http`. */
  get via(): Via {
    return this.#via;
  }

  /** The identity that the ticket is bound to: as given, or the one made up. */
  get client(): string {
    return this.#settings.client;
  }

  /**
   * Adds a listener; returns a function that removes it.
   * @example
   * const off = session.on('lost', ({ server, reason }) => showReconnecting(server.id, reason));
   */
  on<Name extends keyof SessionEvents>(name: Name, listener: (event: SessionEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /**
   * Tells that the application sent datagrams to its server: every 10 of them (the server may set another number) a
   * keepalive goes out, so that a dead server is noticed within 3 s by a client that sends 10 a second.
   * @param count how many @default 1
   * @example
   * socket.send(input, session.server.ports.game, session.server.address);
   * session.sent();
   */
  sent(count = 1): void {
    if (Number.isInteger(count) && count > 0) this.#driver.event({ type: 'sent', count });
  }

  /**
   * Tells that a datagram came from the server. While they come, the server is never declared lost; when they stop, it
   * is asked within a second.
   * @example
   * socket.on('message', (bytes) => { session.received(); game.take(bytes); });
   */
  received(): void {
    this.#driver.event({ type: 'received' });
  }

  /**
   * Tells that the application has found its server dead by itself. The session looks for another at once.
   * @example
   * connection.on('timeout', () => session.lost());
   */
  lost(): void {
    this.#driver.event({ type: 'lost' });
  }

  /**
   * Tells the door that this client could not play on its server: `'silent'`, or `'refused'` by it. The session goes on;
   * `lost` tells by itself.
   * @throws OnedoorError with the door's code, or `client.no-answer`
   * @example
   * await session.report('refused');
   */
  async report(reason: 'silent' | 'refused'): Promise<void> {
    const { http } = this.#settings;
    if (http === undefined || this.ticket === undefined) return;
    await createNodeApi(http, this.#driver.ending).report(this.ticket, reason);
  }

  /**
   * What is needed to come back to this server and seat after a restart: `connect({ ..., resume: state })`. JSON; keep it
   * as secret as the ticket in it, and anew after each `reassigned`.
   * @example
   * writeFileSync('session.json', JSON.stringify(session.state()));
   */
  state(): SavedGrant {
    const { server, ticket, keepalive, alternates } = this.#grant!;
    return {
      version: 1,
      client: this.client,
      family: familyOf(server.address),
      server: toPlain(server),
      ...(ticket !== undefined && { ticket }),
      keepalive,
      alternates: alternates.map(toPlain),
    };
  }

  /**
   * Ends the session; a seat that was never used is given back, which takes 1.4 s if nobody answers. Resolves when all
   * sockets are closed. Calling it again returns the same promise.
   * @example
   * await session.close();
   */
  close(): Promise<void> {
    if (!this.#isOver) this.#driver.hold(true);
    this.#driver.event({ type: 'close' });
    return this.#closed.promise;
  }

  async #open(): Promise<Session> {
    const { signal, timeoutMs } = this.#settings;
    const abort = (): void => {
      this.#opened.reject(signal?.reason);
      void this.close();
    };
    const timer = setTimeout(() => {
      this.#opened.reject(this.#lastError ?? this.#noAnswer());
      void this.close();
    }, timeoutMs);
    signal?.addEventListener('abort', abort, { once: true });
    this.#closed.promise.then(() => signal?.removeEventListener('abort', abort));
    const { resume: saved } = this.#settings;
    const resume = saved && toGrant(saved, saved.family);
    this.#driver.event({ type: 'start', ...(resume && { resume }) });
    try {
      return await this.#opened.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** For a later start while the door is away; what does not work is tried again at the next one. */
  #keepRoster(): void {
    if (!this.#settings.cache) return;
    this.#driver.track(this.#source.keep(rosterQueryOf(this.#settings.names), this.#driver.ending).catch(() => {}));
  }

  #learn(notice: SessionNotice): void {
    switch (notice.type) {
      case 'assigned':
        this.#take(notice);
        this.#resumed = notice.resumed;
        this.#driver.hold(false);
        this.#opened.resolve(this);
        this.#keepRoster();
        return;
      case 'reassigned': {
        const from = this.server;
        this.#take(notice);
        this.#events.emit('reassigned', { server: this.server, from, via: notice.via });
        return;
      }
      case 'lost':
        this.#events.emit('lost', { server: this.server, reason: notice.reason, code: notice.code });
        return;
      case 'moving':
        this.#events.emit('moving', { server: this.server, endsInMs: notice.endsInMs, named: notice.named });
        return;
      case 'waiting':
      case 'failed':
      case 'ticket-refused':
        this.#fail(notice);
        return;
      case 'closed':
        void this.#end();
    }
  }

  #take({ grant, via }: SessionNotice & { type: 'assigned' | 'reassigned' }): void {
    this.#grant = grant;
    this.#server = this.#show(grant.server);
    this.#via = via;
  }

  #fail(notice: SessionNotice & { type: 'waiting' | 'failed' | 'ticket-refused' }): void {
    const { code, type: _, ...payload } = notice;
    const silent = code === 'client.no-answer';
    const error = silent ? this.#noAnswer(payload) : new OnedoorError(code, payload);
    this.#lastError = error;
    if (notice.type === 'failed') this.#opened.reject(error);
    else this.#events.emit('error', error);
  }

  /** Names the door and the ways tried: most of the time one of them is misspelt or blocked. */
  #noAnswer(more: object = {}): OnedoorError {
    const { door, http } = this.#settings;
    const asked = { door: `${door.host}:${door.port}`, ways: http ? ['udp', 'tcp', http] : ['udp', 'tcp'] };
    return new OnedoorError('client.no-answer', { ...asked, ...more }, { cause: this.#resolveError });
  }

  async #end(): Promise<void> {
    this.#isOver = true;
    await this.#driver.settled();
    if (this.#server) this.#events.emit('closed', { server: this.#server });
    this.#closed.resolve();
  }

  #show({ id, address, otherAddress, ports, app, world, group }: NamedServer): Server {
    const { names } = this.#settings;
    return {
      id,
      address: formatAddress(address),
      family: familyOf(address),
      otherAddress: otherAddress && formatAddress(otherAddress),
      ports,
      app: app ?? names.app,
      world: world ?? names.world,
      group: group ?? names.group,
    };
  }
}
