/**
 * Who watches servers from outside, through their public addresses, by the same keepalive that clients send (docs/DOORS.md,
 * "Suspicion"). One probe each `PERIOD_MS`; when it is missed, nine repeats 90 ms apart, and only when all ten are missed
 * the server is suspect. One good answer lifts it. With a fifth of all packets lost each way a probe fails with
 * 1 - 0.8² = 0.36, all ten with 0.36¹⁰ = 3.7e-5: once in seven hours of a server. A server that dies is suspect after
 * 0.9 s (it had just answered) + 0.09 + 0.72 + 0.12 s at the latest.
 *
 * Whoever is ill must not judge others (A. Dadgar, J. Phillips, J. Currey, "Lifeguard: Local Health Awareness for More
 * Accurate Failure Detection", DSN-W 2018): a detector whose own ticks came late forgets all doubts, and when more than
 * half of the servers go dark at once it is taken for the one that is cut off.
 */
export interface Detector {
  /** The servers to watch from now on; new ones count as well until they are missed. */
  watch(targets: readonly WatchedServer[], nowMs: number): void;
  /** To be called every `TICK_MS`: the servers to probe now, and what has become certain. */
  tick(nowMs: number): TickOutcome;
  /** A good answer came to a probe sent at `sentAtMs`. True: the server is no longer suspect. */
  answered(id: string, sentAtMs: number, nowMs: number): boolean;
  /** When a server last answered, or was first watched. */
  heardAtMs(id: string): number | undefined;
  /** More than half of the servers went dark at once: nobody is judged until some answer again. */
  readonly isDegraded: boolean;
  /** Ticks that came too late to judge anybody. */
  readonly stalls: number;
}

export interface WatchedServer {
  readonly id: string;
  /** Somebody else suspects it: the next good answer lifts that too. */
  readonly isSuspect: boolean;
}

export interface TickOutcome {
  readonly probes: readonly string[];
  /** Servers that are suspect from now on. */
  readonly suspects: readonly string[];
}

export const TICK_MS = 15;
const PERIOD_MS = 900;
const REPEATS = 9;
const GAP_MS = 90;
/** What the answer to the last repeat is waited for; a server that is farther away gets twice its round trip. */
const LAST_WAIT_MS = 120;
const MOST_WAIT_MS = 1_000;
/** A tick that is later than this says more about this process than about any server. */
const STALL_MS = 250;
/** Ticks between the end of the wait and the word: what lies in the socket is read between two of them. */
const GRACE_TICKS = 2;
/** Servers that go dark within this time go dark at once. */
const WINDOW_MS = 5_000;
/** How long the roster may still show a suspicion that was lifted. */
const ROSTER_LAG_MS = 5_000;
/** Weight of the newest round trip. */
const RTT_GAIN = 1 / 8;

type Phase =
  /** Answers, or has not been asked yet. */
  | 'well'
  /** A probe is out; `atMs`: when it counts as missed. */
  | 'asked'
  /** It was missed; `atMs`: the next repeat, or after the last one the end. */
  | 'doubted'
  /** All were missed; it is told as soon as nothing speaks against it. */
  | 'missed'
  | 'suspect';

interface Target {
  readonly id: string;
  phase: Phase;
  /** When something is due next. */
  atMs: number;
  /** When the next regular probe is due. */
  nextMs: number;
  repeatsLeft: number;
  graceLeft: number;
  /** When it became suspect. */
  sinceMs: number;
  rttMs: number;
  heardAtMs: number;
  isSuspectElsewhere: boolean;
  liftedAtMs: number;
}

/**
 * @param phaseOf a number in [0, 1) for each server, so that not all are asked in the same moment
 * @param leastToCompare servers that must be watched before half of them says anything about the network
 */
export function createDetector(phaseOf: (id: string) => number, leastToCompare = 0): Detector {
  return new ProbeDetector(phaseOf, leastToCompare);
}

class ProbeDetector implements Detector {
  isDegraded = false;
  stalls = 0;
  readonly #phaseOf: (id: string) => number;
  readonly #leastToCompare: number;
  readonly #targets = new Map<string, Target>();
  #lastTickMs: number | undefined;

  constructor(phaseOf: (id: string) => number, leastToCompare: number) {
    this.#phaseOf = phaseOf;
    this.#leastToCompare = leastToCompare;
  }

  watch(servers: readonly WatchedServer[], nowMs: number): void {
    const here = new Set(servers.map(({ id }) => id));
    for (const id of this.#targets.keys()) if (!here.has(id)) this.#targets.delete(id);
    for (const { id, isSuspect } of servers) {
      const target = this.#targets.get(id) ?? this.#begin(id, nowMs);
      const isOldNews = nowMs - target.liftedAtMs < ROSTER_LAG_MS;
      target.isSuspectElsewhere = isSuspect && !isOldNews;
    }
  }

  tick(nowMs: number): TickOutcome {
    const lateMs = nowMs - (this.#lastTickMs ?? nowMs);
    this.#lastTickMs = nowMs;
    if (lateMs > STALL_MS) {
      this.stalls++;
      this.#forgetDoubts(nowMs);
    }
    const probes: string[] = [];
    const missed: Target[] = [];
    for (const target of this.#targets.values()) {
      if (isProbeDue(target, nowMs)) probes.push(target.id);
      if (target.phase === 'missed' && --target.graceLeft < 0) missed.push(target);
    }
    return { probes, suspects: this.#judge(missed, nowMs) };
  }

  answered(id: string, sentAtMs: number, nowMs: number): boolean {
    const target = this.#targets.get(id);
    if (!target) return false;
    target.rttMs += (nowMs - sentAtMs - target.rttMs) * (target.rttMs === 0 ? 1 : RTT_GAIN);
    target.heardAtMs = nowMs;
    const wasSuspect = target.phase === 'suspect' || target.isSuspectElsewhere;
    target.phase = 'well';
    if (!wasSuspect) return false;
    target.isSuspectElsewhere = false;
    target.liftedAtMs = nowMs;
    return true;
  }

  heardAtMs(id: string): number | undefined {
    return this.#targets.get(id)?.heardAtMs;
  }

  /** Of those whose probes were all missed, the ones that are suspect from now on. */
  #judge(missed: readonly Target[], nowMs: number): string[] {
    if (missed.length === 0 && !this.isDegraded) return [];
    let dark = 0;
    let gone = 0;
    for (const { phase, sinceMs } of this.#targets.values()) {
      if (phase === 'suspect' && nowMs - sinceMs >= WINDOW_MS) gone++;
      else if (phase !== 'well' && phase !== 'asked') dark++;
    }
    const wasDegraded = this.isDegraded;
    const left = this.#targets.size - gone;
    this.isDegraded = left >= this.#leastToCompare && dark > left / 2;
    // When the network comes back, the first to answer must not leave the others in the minority.
    if (wasDegraded && !this.isDegraded) this.#forgetDoubts(nowMs);
    if (wasDegraded || this.isDegraded) return [];
    return missed.map((target) => {
      target.phase = 'suspect';
      target.sinceMs = nowMs;
      return target.id;
    });
  }

  #begin(id: string, nowMs: number): Target {
    const target: Target = {
      id,
      phase: 'well',
      atMs: 0,
      nextMs: nowMs + this.#phaseOf(id) * PERIOD_MS,
      repeatsLeft: 0,
      graceLeft: 0,
      sinceMs: 0,
      rttMs: 0,
      heardAtMs: nowMs,
      isSuspectElsewhere: false,
      liftedAtMs: Number.NEGATIVE_INFINITY,
    };
    this.#targets.set(id, target);
    return target;
  }

  /** All that are not suspect are asked anew. */
  #forgetDoubts(nowMs: number): void {
    for (const [id, target] of this.#targets) {
      // While nobody is judged, what has been silent stays so until it answers: else all of it would be asked ten times
      // again, and by a process that has no time.
      const isSilent = target.phase === 'missed' && this.isDegraded;
      if (target.phase !== 'suspect' && !isSilent) target.phase = 'well';
      target.nextMs = nowMs + this.#phaseOf(id) * PERIOD_MS;
    }
  }
}

/** Moves one server on by time. True: it is to be probed now. */
function isProbeDue(target: Target, nowMs: number): boolean {
  switch (target.phase) {
    case 'asked':
      if (nowMs < target.atMs) return false;
      target.phase = 'doubted';
      target.repeatsLeft = REPEATS;
      return repeat(target, nowMs);
    case 'doubted':
      return nowMs >= target.atMs && repeat(target, nowMs);
    default:
      // Suspects, and those that are missed and not judged, are asked at the same rate as all: one answer is enough.
      if (nowMs < target.nextMs) return false;
      target.nextMs = Math.max(target.nextMs + PERIOD_MS, nowMs + PERIOD_MS / 2);
      if (target.phase === 'well') {
        target.phase = 'asked';
        target.atMs = nowMs + Math.min(Math.max(GAP_MS, 2 * target.rttMs), MOST_WAIT_MS);
      }
      return true;
  }
}

/** The next repeat, or the end of the wait after the last one. */
function repeat(target: Target, nowMs: number): boolean {
  if (target.repeatsLeft === 0) {
    target.phase = 'missed';
    target.graceLeft = GRACE_TICKS;
    target.nextMs = nowMs;
    return false;
  }
  target.repeatsLeft--;
  const isLast = target.repeatsLeft === 0;
  target.atMs = nowMs + (isLast ? Math.min(Math.max(LAST_WAIT_MS, 2 * target.rttMs), MOST_WAIT_MS) : GAP_MS);
  return true;
}
