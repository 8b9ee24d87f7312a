import { type Assigner, createAssigner } from '../core/assign/assigner.ts';
import { createWaitLine } from '../core/assign/wait-line.ts';
import { probePortTest, type RuntimeConfig } from '../core/config/runtime-config.ts';
import { createPoolWatch, type PoolWatch } from '../core/metrics/pool-watch.ts';
import type { Clock, Mac, PacketHandler, RegistryStore, Rng, Signer } from '../core/ports.ts';
import type { RosterView } from '../core/registry/roster.ts';
import { createRosterReader, type RosterReader } from '../core/registry/roster-reader.ts';
import { createRosterPages } from '../core/roster/roster-pages.ts';
import { createPolicy } from '../core/select/create-policy.ts';
import { createDuty } from '../core/select/duty.ts';
import { createSourceLimit } from '../core/source-limit.ts';
import { type ClosedRoster, createClosedRoster } from '../core/suspect/closed-roster.ts';
import { parseAddress } from '../core/wire/address.ts';
import { policies } from '../onedoor.policies.ts';
import { createAnswerTable } from './answer-table.ts';
import { type AnswerTimes, createAnswerTimes, timed } from './answer-times.ts';
import { createClassicResponder } from './classic.ts';
import { createCookies } from './cookies.ts';
import { type Counters, createCounters } from './counters.ts';
import { createExtendedResponder } from './extended.ts';
import { createForwarder, type SendForward } from './forward.ts';
import { createGateway } from './gateway.ts';
import { createLongestAnswer } from './longest-answer.ts';
import { createOverload } from './overload.ts';
import { createQuiet } from './quiet.ts';
import { createTakeReport } from './reports.ts';
import { type OnOutcome, toldAssigner } from './told-assigner.ts';

/** A gateway without sockets: what answers, what it knows, and what must be called from time to time. */
export interface Door {
  readonly handle: PacketHandler;
  readonly roster: RosterReader;
  readonly counters: Counters;
  /** How long answers took: those of a sample. */
  readonly times: AnswerTimes;
  /** How long servers were silent before they were suspected. */
  readonly detections: AnswerTimes;
  readonly pools: Pick<PoolWatch, 'samples'>;
  /** Seats on hand. */
  stocked(): number;
  /** The roster with this door's own takes. */
  view(): RosterView;
  /** What is given out: whoever finds a server silent closes it here. */
  readonly closed: Pick<ClosedRoster, 'close' | 'reopen'>;
  /** Those that share a duty with this one, as it sees them; itself too. Empty where each answers what it gets. */
  liveDoors(): readonly string[];
  /** Servers that can be given now. */
  openServers(): number;
  /** Forgets old stock and hints; call it about once a second. */
  sweep(): void;
}

/** How long the same client and nonce get the same answer: as long as its ticket can be shown. */
const ANSWER_TTL_MS = 30_000;
/** A door lives long and is asked by many: it reads what the environments of a function would pay for each by itself. */
const READ_ANEW_UP_TO = 128;

export function composeDoor(deps: {
  readonly config: RuntimeConfig;
  /** The port that the door itself listens on, beside the servers' probe ports. */
  readonly ownPort: number;
  readonly store: Pick<RegistryStore, 'write' | 'get' | 'readRoster'>;
  readonly signer: Signer;
  readonly cookieMac: Mac;
  /** That of the key before the last rotation. */
  readonly cookieMacBefore?: () => Mac | undefined;
  /** Where doors share a duty: which of the list this one is, and which of the others live. */
  readonly peers?: { readonly self: number; readonly isLive: (door: number) => boolean } | undefined;
  /** Needed where servers answer or are told of clients. */
  readonly sendForward?: SendForward | undefined;
  /** How long datagrams wait before they are read, in ms. @default none of them does */
  readonly queueAgeMs?: () => number;
  /** Where reports of clients go that could not reach their server; absent: nowhere. */
  readonly reports?: Pick<Parameters<typeof createTakeReport>[0], 'store' | 'watch' | 'onSuspect' | 'onError'>;
  /** @default its own */
  readonly counters?: Counters;
  /** One answer in so many is timed; 0: none. @default 16 */
  readonly timedOneIn?: number;
  /** Told what came of each extended request. */
  readonly onOutcome?: OnOutcome;
  readonly clock: Clock;
  readonly rng: Rng;
}): Door {
  const { config, clock, rng, signer, store } = deps;
  const { keepalive, packetType: type, defaultApp, deployment: iss } = config;
  const policy = createPolicy(config.policy, policies);
  const service = { address: parseAddress(config.serviceAddress) as Uint8Array, port: config.probePort };
  const roster = createRosterReader({
    readRoster: store.readRoster,
    clock,
    freshMs: config.freshMs,
    refreshMs: config.rosterRefreshMs,
  });
  const closed = createClosedRoster(roster);
  const { counters = createCounters() } = deps;
  const assigner = createAssigner({
    store,
    roster: closed,
    policy,
    signer,
    clock,
    rng,
    iss,
    defaultApp,
    service,
    groupFallback: config.groupFallback,
    timing: config.timing,
    waitLine: createWaitLine({ mac: deps.cookieMac, macBefore: deps.cookieMacBefore ?? (() => undefined), clock }),
    stock: true,
    readAnewUpTo: READ_ANEW_UP_TO,
    onTake: counters.count,
  });
  const longest = createLongestAnswer({ iss, kid: signer.kid, keepalive });
  const rosterPages = createRosterPages(defaultApp);
  const holdMs = config.timing.holdMs;
  const classic = createClassicResponder({ assigner, policy, defaultApp, service, type, holdMs, clock, rng, counters });
  const { answers, notify } = config;
  const send = deps.sendForward;
  const forwarder = send && createForwarder({ answers, notify, signer, send, type, counters });
  const extended = createExtendedResponder({
    assigner: deps.onOutcome ? toldAssigner(assigner, deps.onOutcome) : assigner,
    answers: createAnswerTable(ANSWER_TTL_MS),
    cookies: createCookies(deps.cookieMac, deps.cookieMacBefore),
    quiet: createQuiet({ clock, unverifiedPerSecond: config.unverifiedPerSecond, view: () => assigner.view() }),
    limit: createSourceLimit({ perSecond: config.perSourcePerSecond, clock, rng }),
    counters,
    clock,
    keepalive,
    type,
    longestAnswer: () => longest(assigner.view()),
    rosterPage: (request) => rosterPages(assigner.view(), request),
    forwarder,
    takeReport: deps.reports && createTakeReport({ ...deps.reports, iss, view: assigner.view.bind(assigner), clock }),
  });
  const isProbePort = probePortTest(config, deps.ownPort);
  const { self = 0, isLive = () => true } = deps.peers ?? {};
  const { doors } = config;
  // Without a roster it could only say "no server", where another door knows one.
  const isUp = (door: number): boolean => (door === self ? Number.isFinite(roster.ageMs()) : isLive(door));
  const duty = createDuty({ duty: config.duty, doors, self, isLive: isUp });
  const overload = createOverload({ queueAgeMs: deps.queueAgeMs ?? (() => 0), rng, counters, type });
  const watched = watchedBy(assigner, clock);
  const gateway = createGateway({ classic, extended, counters, type, isProbePort, duty, overload });
  return {
    ...watched,
    handle: timed(gateway, watched.times, clock, deps.timedOneIn),
    roster,
    counters,
    closed,
    liveDoors: () => doors.filter((_, door) => isUp(door)),
    openServers: () => assigner.view().open.reduce((sum, open) => sum + open, 0),
    sweep() {
      assigner.sweep();
      classic.sweep();
      watched.pools.look();
    },
  };
}

/** What is only looked at. */
function watchedBy(assigner: Assigner, clock: Clock) {
  const view = () => assigner.view();
  return {
    view,
    stocked: () => assigner.stocked(),
    times: createAnswerTimes(),
    detections: createAnswerTimes(),
    pools: createPoolWatch(view, () => clock.monoMs()),
  };
}
