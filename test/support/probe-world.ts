import { createDetector, TICK_MS } from '../../core/suspect/detector.ts';
import { seededRng } from './seeded-rng.ts';

export interface ProbeWorldOptions {
  readonly servers: number;
  /** Chance of each packet to get lost, each way. */
  readonly loss: number;
  /** There and back. @default 20 to 60 ms */
  readonly rttMs?: (draw: number) => number;
  readonly seed: number;
  /** How late each tick comes. @default up to 3 ms */
  readonly lateMs?: (nowMs: number, draw: number) => number;
}

interface Answer {
  readonly id: string;
  readonly sentAtMs: number;
  readonly atMs: number;
}

/** One prober and its servers on a virtual clock, behind a network that loses packets. */
export class ProbeWorld {
  nowMs = 0;
  probes = 0;
  /** What the prober said, in order. */
  readonly said: { readonly atMs: number; readonly id: string; readonly suspect: boolean }[] = [];
  readonly detector;
  readonly ids: readonly string[];
  readonly #options: ProbeWorldOptions;
  readonly #rng;
  readonly #dead = new Set<string>();
  #answers: Answer[] = [];
  #nextAnswerMs = Number.POSITIVE_INFINITY;

  constructor(options: ProbeWorldOptions) {
    this.#options = options;
    this.#rng = seededRng(options.seed);
    this.ids = Array.from({ length: options.servers }, (_, n) => `s-${n}.0`);
    this.detector = createDetector(() => this.#rng.float());
    this.show([]);
  }

  /** The roster: these servers are suspect by somebody's word. */
  show(suspects: readonly string[]): void {
    this.detector.watch(
      this.ids.map((id) => ({ id, isSuspect: suspects.includes(id) })),
      this.nowMs,
    );
  }

  kill(...ids: readonly string[]): void {
    for (const id of ids) this.#dead.add(id);
  }

  revive(...ids: readonly string[]): void {
    for (const id of ids) this.#dead.delete(id);
  }

  run(ms: number): void {
    const { lateMs = (_, draw) => 3 * draw } = this.#options;
    for (const untilMs = this.nowMs + ms; this.nowMs < untilMs; ) {
      this.nowMs += TICK_MS + lateMs(this.nowMs, this.#rng.float());
      this.#turn();
    }
  }

  /** The process gets no time; what arrives meanwhile waits in its socket, and its timers run first. */
  stall(ms: number): void {
    this.nowMs += ms;
    this.#turn(false);
  }

  suspicions(): readonly string[] {
    return this.said.filter(({ suspect }) => suspect).map(({ id }) => id);
  }

  #turn(readsFirst = true): void {
    if (readsFirst) this.#read();
    const { probes, suspects } = this.detector.tick(this.nowMs);
    for (const id of suspects) this.said.push({ atMs: this.nowMs, id, suspect: true });
    for (const id of probes) this.#probe(id);
    if (!readsFirst) this.#read();
  }

  #probe(id: string): void {
    this.probes++;
    const { loss, rttMs = (draw) => 20 + 40 * draw } = this.#options;
    const isLost = this.#rng.float() < loss || this.#rng.float() < loss;
    if (isLost || this.#dead.has(id)) return;
    const atMs = this.nowMs + rttMs(this.#rng.float());
    this.#answers.push({ id, sentAtMs: this.nowMs, atMs });
    this.#nextAnswerMs = Math.min(this.#nextAnswerMs, atMs);
  }

  #read(): void {
    if (this.nowMs < this.#nextAnswerMs) return;
    const later: Answer[] = [];
    this.#nextAnswerMs = Number.POSITIVE_INFINITY;
    for (const answer of this.#answers) {
      if (answer.atMs > this.nowMs) {
        later.push(answer);
        this.#nextAnswerMs = Math.min(this.#nextAnswerMs, answer.atMs);
      } else if (!this.#dead.has(answer.id) && this.detector.answered(answer.id, answer.sentAtMs, this.nowMs)) {
        this.said.push({ atMs: this.nowMs, id: answer.id, suspect: false });
      }
    }
    this.#answers = later;
  }
}
