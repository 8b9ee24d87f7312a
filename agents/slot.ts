import { type LoadReading, toReading } from '../adapters/load/load-adapter.ts';
import { probePortTest } from '../core/config/runtime-config.ts';
import type { Sample } from '../core/metrics/catalogue.ts';
import type { PacketHandler } from '../core/ports.ts';
import type { BeatWish } from '../core/registry/agent-beat.ts';
import { reserveOf } from '../core/registry/failover.ts';
import type { SeatSession } from '../core/registry/journal-entry.ts';
import type { Placement, ServerState } from '../core/registry/row.ts';
import { Admission } from './admission.ts';
import { BeatLoop } from './beat-loop.ts';
import { createCheckBudget } from './check-budget.ts';
import { type Counters, createCounters } from './counters.ts';
import { DrainWatch } from './drain-watch.ts';
import type { Entry } from './entry.ts';
import { ForwardDesk } from './forward.ts';
import { GameWatch } from './game-watch.ts';
import { KeepaliveResponder } from './keepalive.ts';
import { createLobbyPages, type LobbyFacts, lobbyFacts } from './lobby.ts';
import { createOutage } from './log.ts';
import type { GameFacing, GameReport } from './loopback-api.ts';
import { Moving } from './moving.ts';
import { WishDesk } from './operator-wishes.ts';
import { SeatKeeper } from './seat-keeper.ts';
import { SessionWatch } from './session-watch.ts';
import { createSight, type Sight } from './sight.ts';
import { type SlotHealth, slotHealth } from './slot-health.ts';
import { slotSamples } from './slot-metrics.ts';
import type { SlotOptions } from './slot-options.ts';

const SWEEP_MS = 500;

/** One server process: its row, its seats, its sessions, and what it answers. No sockets. */
export class Slot implements GameFacing {
  readonly isCounted: boolean;
  readonly #options: SlotOptions;
  readonly #counters: Counters = createCounters();
  readonly #keeper: SeatKeeper;
  readonly #sessions: SessionWatch;
  readonly #admission: Admission;
  readonly #watch: GameWatch;
  readonly #loop: BeatLoop;
  readonly #responder: KeepaliveResponder;
  #reading: LoadReading = { sessions: 0 };
  #isHeld = false;
  readonly #moving: Moving;
  readonly #wishes: WishDesk;
  readonly #drains: DrainWatch;
  #isGone = false;
  readonly #sight: Sight;
  /** What the row was last told. */
  #told: BeatWish | undefined;
  #sweeper: NodeJS.Timeout | undefined;
  #send: (bytes: Uint8Array, address: string, port: number) => void = () => {};

  constructor(options: SlotOptions) {
    this.#options = options;
    const { config, clock, rng, log, load, store, journal, key, verify } = options;
    const { timing, keepalive } = config;
    const isCounted = load.kind === 'counted';
    this.#sight = createSight(options.sees);
    const mayCheck = createCheckBudget(clock);
    this.isCounted = isCounted;
    this.#keeper = new SeatKeeper({ key, store, journal, clock, rng, timing, isCounted, onLost: options.onLost });
    this.#sessions = new SessionWatch(Math.max(timing.activateMs, 2_000 * keepalive.intervalSeconds));
    this.#admission = new Admission({
      ...{ keeper: this.#keeper, sessions: this.#sessions, clock, verify, iss: config.deployment, isCounted },
      isDraining: () => this.#moving.isOn,
      capacity: () => this.#wish().capacity,
    });
    this.#moving = new Moving({
      ...options.moving,
      placement: () => this.#keeper.placement,
      plays: (sub) => isCounted || this.#sessions.of(sub) !== undefined,
      holdMs: timing.holdMs,
      clock,
    });
    this.#wishes = new WishDesk(this.#moving, ({ count }) => log.info({ count }, 'sending clients to other servers'));
    this.#drains = new DrainWatch({
      ...{ isDraining: () => this.#moving.isOn, book: () => this.#keeper.book, holdMs: timing.holdMs, clock },
      onAcknowledged: () => log.info('the drain is complete: nobody is sent here any more'),
    });
    this.#watch = new GameWatch({
      adapter: load.adapter,
      clock,
      onReading: (reading, sentAtMs) => this.#onReading(reading, sentAtMs),
      onChange: (isAlive, error) => this.#onChange(isAlive, error),
    });
    this.#loop = new BeatLoop({
      ...{ keeper: this.#keeper, wish: () => this.#wish(), counters: this.#counters, clock, rng, timing },
      outage: createOutage(log, 'the registry does not take a beat; trying again', 'the registry takes beats again'),
      onClaim: () => this.#onClaim(),
      onBeat: (told) => this.#onBeat(told),
    });
    const forwards = new ForwardDesk({
      ...{ type: config.packetType, iss: config.deployment, keepalive },
      placement: () => this.#keeper.placement,
      isAlive: () => this.#watch.isAlive,
      verify,
      clock,
      enter: (claims, shown) => this.#admission.enterVerified(claims, false, shown),
      mayCheck,
      send: (bytes, address, port) => this.#send(bytes, address, port),
      ...options.announced,
      counters: this.#counters,
    });
    this.#responder = new KeepaliveResponder({
      type: config.packetType,
      isProbePort: probePortTest(config),
      keepalive,
      placement: () => this.#keeper.placement,
      isAlive: () => this.#watch.isAlive,
      heard: (sub) => this.#sessions.heard(sub, clock.monoMs()),
      enter: (ticket, shown) => this.#admission.enter(ticket, false, shown),
      leave: (ticket, shown) => this.#leave(ticket, shown),
      moving: (shown, family) => this.#moving.of(shown, family),
      lobby: createLobbyPages(() => this.lobby()),
      mayCheck,
      forward: (request, forward) => forwards.take(request, forward),
      counters: this.#counters,
    });
  }

  start(): void {
    this.#watch.start();
    this.#loop.start();
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS);
  }

  /** The probe port is open: direct answers go out there. */
  sendBy(send: (bytes: Uint8Array, address: string, port: number) => void): void {
    this.#send = send;
  }

  /** For the probe port, UDP and TCP. */
  readonly handlePacket: PacketHandler = (bytes, source) => this.#responder.respond(bytes, source);

  /** Undefined until the registrar has found the server. */
  get placement(): Placement | undefined {
    return this.#keeper.placement;
  }

  /** For the lobby; undefined until the registrar has found the server. */
  lobby(): LobbyFacts | undefined {
    const { placement, sessions } = this.#keeper;
    return placement && lobbyFacts(placement, sessions, this.#wish(), this.#reading);
  }

  // What the game asks and tells:

  enter(ticket: string | undefined, shown: string | undefined): Entry | Promise<Entry> {
    return ticket === undefined ? this.#admission.enterDirect() : this.#admission.enter(ticket, true, shown);
  }

  end(id: string): boolean {
    const isOver = this.#keeper.end(id);
    if (isOver) this.#sessions.ended(id);
    this.#kickIfOwed();
    return isOver;
  }

  sessions(): readonly SeatSession[] {
    return [...(this.#keeper.book?.sessions.values() ?? [])];
  }

  report({ sessions, capacity, participants, description, ready }: GameReport): void {
    const { load, clock } = this.#options;
    if (load.kind !== 'api') return;
    for (const { id, sub } of this.#sessions.listed(sessions, clock.monoMs())) {
      const session = this.#keeper.adopt(id, sub);
      if (session) this.#sessions.began(session, clock.monoMs(), true);
    }
    this.#keeper.sessionsAreKnown();
    if (ready !== undefined) this.#isHeld = !ready;
    load.adapter.report(toReading('api', { sessions: sessions.length, capacity, participants, description }));
    void this.#watch.ask();
    this.#kickIfChanged();
  }

  ready(): void {
    this.#isHeld = false;
    this.#moving.end();
    this.#kickIfChanged();
  }

  /** Give this server to nobody new until `ready`; who is there stays. */
  hold(): void {
    this.#isHeld = true;
    this.#kickIfChanged();
  }

  drain(): void {
    this.#moving.begin();
    this.#kickIfChanged();
  }

  health(): SlotHealth {
    const game = { isGameAlive: this.#watch.isAlive, drain: this.#drains.stage() };
    return slotHealth(this.#keeper, this.#wish(), game, this.#counters);
  }

  metrics(): readonly Sample[] {
    return slotSamples(this.#keeper, this.#wish(), this.#watch, this.#counters);
  }

  // Going away:

  /** Nobody is on the game, or it has been dead for so long that nobody can be. */
  get isEmpty(): boolean {
    if (this.#watch.silentMs >= this.#options.config.timing.expireMs) return true;
    // The sessions of a counted game fall late, for the sake of seats that are out.
    return (this.isCounted && this.#watch.isAlive ? this.#reading : this.#keeper).sessions === 0;
  }

  /** Stops everything; the last beat says that the server is gone. */
  async stop(): Promise<void> {
    this.#moving.begin();
    this.#watch.stop();
    clearInterval(this.#sweeper);
    await this.#loop.stop();
    this.#isGone = true;
    if (this.#keeper.book) await this.#keeper.beat(this.#wish(), () => {});
    await this.#options.journal.close();
  }

  #wish(): BeatWish {
    const { maxCapacity = Number.POSITIVE_INFINITY } = this.#keeper.placement ?? {};
    const { capacity = Number.POSITIVE_INFINITY } = this.#reading;
    const most = Math.min(this.#options.capacity, capacity, maxCapacity);
    // A game that refuses nobody cannot hold a seat back.
    const percent = this.isCounted ? 0 : this.#options.config.failoverReservePercent;
    return { capacity: most, state: this.#state(), reserve: reserveOf(most, percent), ...this.#sight.news() };
  }

  #state(): ServerState {
    if (this.#isGone) return 'gone';
    if (this.#moving.isOn) return 'draining';
    return this.#keeper.placement && this.#watch.isAlive && !this.#isHeld ? 'ready' : 'starting';
  }

  #leave(ticket: string, shown: string | undefined): ReturnType<Admission['leave']> {
    const result = this.#admission.leave(ticket, shown);
    this.#kickIfOwed();
    return result;
  }

  #onReading(reading: LoadReading, sentAtMs: number): void {
    this.#reading = reading;
    if (this.isCounted) this.#keeper.observe(reading.sessions, sentAtMs);
    this.#kickIfOwed();
    this.#kickIfChanged();
  }

  #onChange(isAlive: boolean, error: unknown): void {
    const { log } = this.#options;
    if (isAlive) log.info('the game answers');
    else log.warn({ err: error }, 'the game does not answer: no keepalive is answered, nobody new is sent here');
    this.#kickIfChanged();
  }

  #onClaim(): void {
    const { log, clock } = this.#options;
    const { sessions, book } = this.#keeper;
    log.info({ sessions }, 'the row is claimed');
    this.#wishes.obey(this.#keeper.wishes);
    for (const session of book?.sessions.values() ?? []) this.#sessions.began(session, clock.monoMs(), false);
  }

  #onBeat(told: BeatWish): void {
    const { state } = told;
    const { log } = this.#options;
    if (state !== this.#told?.state) log.info({ state }, 'the server is now in this state');
    this.#told = told;
    this.#sight.told(told);
    this.#drains.told(state);
    // The operator's wishes stand in the row, and came with the reply.
    this.#wishes.obey(this.#keeper.wishes);
    // The reply may have brought the placement, or the game may have changed meanwhile.
    this.#kickIfChanged();
  }

  #kickIfOwed(): void {
    if (this.#keeper.owesBeat) this.#loop.kick();
  }

  #kickIfChanged(): void {
    const { capacity, state, sees } = this.#wish();
    const isNews = sees !== undefined || this.#told?.capacity !== capacity || this.#told.state !== state;
    if (this.#told && isNews) this.#loop.kick();
  }

  #sweep(): void {
    this.#drains.stage();
    this.#kickIfChanged();
    // A dead game lists nothing; its sessions are over when it comes back without them.
    if (this.isCounted || !this.#watch.isAlive) return;
    for (const id of this.#sessions.over(this.#options.clock.monoMs())) this.end(id);
  }
}
