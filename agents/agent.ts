import { setTimeout as delay } from 'node:timers/promises';
import { createHttpServer, type HttpServer } from '../adapters/http/server.ts';
import { type Journal, openJournal } from '../adapters/journal/journal.ts';
import { createApiLoad } from '../adapters/load/api.ts';
import { createLoadAdapter } from '../adapters/load/create-load-adapter.ts';
import { loadApiToken } from '../adapters/system/api-token.ts';
import { createLimitLog } from '../adapters/system/limit-log.ts';
import { openTcp } from '../adapters/tcp/tcp-endpoint.ts';
import { openUdp } from '../adapters/udp/udp-endpoint.ts';
import { OnedoorError } from '../core/errors.ts';
import type { Sample } from '../core/metrics/catalogue.ts';
import { AGENT_COUNTS, countedSamples } from '../core/metrics/counts.ts';
import type { Clock, PacketHandler, RegistryStore, Rng } from '../core/ports.ts';
import { parseEntry } from '../core/registry/journal.ts';
import type { JournalEntry } from '../core/registry/journal-entry.ts';
import { createRosterReader } from '../core/registry/roster-reader.ts';
import { parseRowKey, rowKey, serverId } from '../core/registry/row.ts';
import type { AgonesDesk } from './agones/desk.ts';
import { openAgonesDesk, serveAgones } from './agones/open-agones.ts';
import { createClientHook } from './client-hook.ts';
import type { Counters } from './counters.ts';
import { type Enrolment, enrol } from './enrol.ts';
import { GAME_FRESH_MS } from './game-watch.ts';
import { createKeyRing } from './key-ring.ts';
import { createLobbyHandler, type LobbyFacts } from './lobby.ts';
import { createLobbyFeed } from './lobby-feed.ts';
import { createOutage, type Log } from './log.ts';
import { createLoopbackApi, MAX_API_BODY_BYTES } from './loopback-api.ts';
import { createAskForSeat } from './next-seat.ts';
import type { AgentOptions } from './options.ts';
import { createPlaceBook, type PlaceBook } from './place-book.ts';
import { createRosterDesk } from './roster-desk.ts';
import { openServerDoor, type RunningServerDoor } from './server-door-ports.ts';
import { Slot } from './slot.ts';
import type { SlotOptions } from './slot-options.ts';

export interface AgentDeps {
  readonly store: RegistryStore;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  /** What is counted for the machine and not for one of its slots. */
  readonly counters: Counters;
  /** A row is another life's or gone: the process must end. */
  readonly onLost: (reason: string) => void;
}

export interface Agent {
  /** Takes nobody new, and resolves when all slots are empty or `drainMs` is over. */
  drain(): Promise<void>;
  /** How all slots and the machine stand, one sample for each of them. */
  metrics(): readonly Sample[];
  /** Tells the registry that the servers are gone, and closes everything. */
  stop(): Promise<void>;
}

/** At most so often, and only when somebody asks: all agents that read it always would be many readers of few items. */
const ROSTER_REFRESH_MS = 1_000;
const DRAIN_CHECK_MS = 500;
const LIMITS_MS = 1_000;
const ENROL_RETRY_MS = 1_000;

type Close = () => Promise<unknown>;

/**
 * One agent for all game servers of this machine. Whatever it needs for itself (journals, ports) it takes before it
 * touches a row; if something is not to be had, it lets go of the rest and rejects.
 */
export async function startAgent(options: AgentOptions, deps: AgentDeps): Promise<Agent> {
  const { store, clock, log, counters } = deps;
  const ofMachine = (): readonly Sample[] => countedSamples(counters.read(), AGENT_COUNTS);
  const closers: Close[] = [];
  const keys = createKeyRing(store, clock, log);
  const slots: Slot[] = [];
  let door: RunningServerDoor | undefined;
  try {
    const token = loadApiToken(options.apiTokenFile);
    const reader = createRosterReader({
      readRoster: (name) => store.readRoster(name),
      clock,
      refreshMs: ROSTER_REFRESH_MS,
    });
    const roster = async () => {
      await reader.refresh();
      return reader.view();
    };
    const places = createPlaceBook({ reader, clock });
    const desk = createRosterDesk({ reader, config: options.config });
    for (const index of options.games.keys()) {
      const agones = await openAgones(options, deps, index);
      if (agones) closers.push(() => agones.stop());
      // One row speaks for the machine.
      const sees = options.door && index === 0 ? () => door?.sees() ?? [] : undefined;
      const slot = await makeSlot(options, deps, index, { verify: keys.verify, places, agones, sees });
      slots.push(slot);
      const more = index === 0 ? ofMachine : undefined;
      const api = createLoopbackApi({ slot, token, roster, ...(more && { more }) });
      closers.push(...(await openPorts(options, index, slot, deps, api, desk(slot.handlePacket))));
      if (agones && options.agones) {
        const port = options.agones.port + index;
        closers.push(await serveAgones(agones, slot, { host: options.apiBind, port, log: log.child({ slot: index }) }));
      }
    }
    if (options.door) {
      const { identity, config } = options;
      const own = new Map(slots.map((slot, index) => [rowKey(identity, index), slot.handlePacket]));
      const machine = parseRowKey(rowKey(identity, 0))?.machine ?? identity;
      door = await openServerDoor({ bind: options.bind, ...options.door }, { ...deps, config, own, machine });
      closers.push(door.close);
    }
    const { enrolment } = options;
    if (enrolment) await enrolWhenThere(enrolment, store, log);
  } catch (error) {
    await Promise.all([...closers.map((close) => close()), ...slots.map((slot) => slot.stop())]);
    throw error;
  }
  keys.start();
  for (const slot of slots) slot.start();
  const watching = setInterval(limitLogs(counters, slots, log), LIMITS_MS);
  closers.push(async () => clearInterval(watching));
  return {
    metrics: () => [...ofMachine(), ...slots.flatMap((slot) => slot.metrics())],
    async drain() {
      door?.leave();
      for (const slot of slots) slot.drain();
      const untilMs = clock.monoMs() + options.drainMs;
      while (clock.monoMs() < untilMs && slots.some((slot) => !slot.isEmpty)) {
        await new Promise((resolve) => setTimeout(resolve, DRAIN_CHECK_MS));
      }
    },
    async stop() {
      keys.stop();
      await Promise.all(slots.map((slot) => slot.stop()));
      await Promise.all(closers.map((close) => close()));
    },
  };
}

/** One line a second for the machine, and for each slot, while a limit turns something away. */
function limitLogs(counters: Counters, slots: readonly Slot[], log: Log): () => void {
  const say = (slot?: number) => (limits: object) =>
    log.warn({ ...(slot !== undefined && { slot }), limits }, 'limits were reached');
  const looks = [
    createLimitLog(counters.read, say()),
    ...slots.map((slot, index) => createLimitLog(() => slot.health().facts.counters, say(index))),
  ];
  return () => {
    for (const look of looks) look();
  };
}

/** What every line about a slot names. */
function namesOf(identity: string, slot: number): { readonly slot: number; readonly serverId?: string } {
  const machine = parseRowKey(rowKey(identity, slot))?.machine;
  return { slot, ...(machine !== undefined && { serverId: serverId(machine, slot) }) };
}

async function openAgones(
  { agones, identity, journal: dir }: AgentOptions,
  { clock, log }: AgentDeps,
  index: number,
): Promise<AgonesDesk | undefined> {
  return (
    agones &&
    (await openAgonesDesk(agones, { key: rowKey(identity, index), dir, clock, log: log.child({ slot: index }) }))
  );
}

async function makeSlot(
  options: AgentOptions,
  { store, clock, rng, log, onLost }: AgentDeps,
  index: number,
  ours: {
    readonly verify: SlotOptions['verify'];
    readonly places: PlaceBook;
    readonly agones: AgonesDesk | undefined;
    readonly sees: SlotOptions['sees'];
  },
): Promise<Slot> {
  const { identity, games, load, capacity, config, journal: dir, onClient: program, drainMs } = options;
  const game = games[index];
  if (!game) throw new RangeError(`slot ${index}`);
  const { verify, places, agones, sees } = ours;
  const key = rowKey(identity, index);
  const slotLog = log.child(namesOf(identity, index));
  const source: SlotOptions['load'] =
    load === 'api'
      ? { kind: 'api', adapter: createApiLoad(clock, GAME_FRESH_MS) }
      : { kind: 'counted', adapter: agones?.isCounting ? agones.adapter : await createLoadAdapter(load, game) };
  const journal: Journal<JournalEntry> = await openJournal({ dir, name: key, parse: parseEntry });
  if (journal.isDamaged) slotLog.warn('the journal cannot be read; going on as after a reboot');
  const monoMs = (): number => clock.monoMs();
  const hook = program === undefined ? undefined : createClientHook({ program, game, monoMs, log: slotLog });
  const { serviceAddress: address, probePort: port, packetType: type } = config;
  const ask = createAskForSeat({ door: { address, port }, type, rng });
  return new Slot({
    key,
    announced: { hook, places },
    moving: { ask, drainMs, onError: (err) => slotLog.warn({ err }, 'the door gives no seat elsewhere; asking again') },
    store,
    journal,
    load: source,
    capacity,
    config,
    verify,
    clock,
    rng,
    log: slotLog,
    onLost,
    sees,
  });
}

/** The slot's probe port over UDP and TCP, its API on loopback, and its lobby if there shall be one. */
async function openPorts(
  options: AgentOptions,
  index: number,
  slot: Slot,
  { log, counters }: Pick<AgentDeps, 'log' | 'counters'>,
  api: ReturnType<typeof createLoopbackApi>,
  handler: PacketHandler,
): Promise<Close[]> {
  const { bind, probePort, apiBind, apiPort, lobbyPort } = options;
  const onError = (error: unknown): void =>
    log.error({ ...namesOf(options.identity, index), err: error }, 'a request failed');
  const closers: Close[] = [];
  const open = async (server: HttpServer, port: number, host: string): Promise<void> => {
    await server.listen(port, host);
    closers.push(() => server.close(0));
  };
  try {
    const port = probePort + index;
    const onRefused = () => counters.count('refused.wire.too-many-connections');
    for (const openPort of [openUdp, openTcp]) {
      const endpoint = await openPort({ bind, port, handler, onError, onRefused });
      if ('send' in endpoint) slot.sendBy(endpoint.send);
      closers.push(() => endpoint.close());
    }
    const onHttpRefused = () => counters.count('refused.http.too-many-connections');
    const maxBodyBytes = MAX_API_BODY_BYTES;
    await open(
      createHttpServer({ handler: api, maxBodyBytes, onError, onRefused: onHttpRefused }),
      apiPort + index,
      apiBind,
    );
    if (lobbyPort === undefined) return closers;
    const facts = (): LobbyFacts | undefined => slot.lobby();
    const lobby = createLobbyHandler(facts, createLobbyFeed(facts));
    await open(createHttpServer({ handler: lobby, onError, onRefused: onHttpRefused }), lobbyPort + index, bind);
    return closers;
  } catch (error) {
    await Promise.all(closers.map((close) => close()));
    throw error;
  }
}

/** A registry that is away is no reason to end: said once, tried again. Throws what else is wrong. */
async function enrolWhenThere(enrolment: Enrolment, store: RegistryStore, log: Log): Promise<void> {
  const outage = createOutage(log, 'the registry does not take the enrolment', 'the machine is enrolled');
  for (;;) {
    try {
      await enrol(enrolment, store);
      return outage.good();
    } catch (error) {
      if (!(error instanceof OnedoorError) || error.code !== 'registry.unreachable') throw error;
      outage.bad(error);
      await delay(ENROL_RETRY_MS);
    }
  }
}
