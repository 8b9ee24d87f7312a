import type { Books } from './books.ts';
import type { Fault } from './faults.ts';

/** A process that wakes so late had no CPU. */
const STALL_MS = 500;
/** After a fault, until its traces are gone: games forget silent players after 5 s, agents their sessions 2 s later. */
const TRACES_MS = 12_000;
/** Clients give a silent server up within 3 s. */
const STALL_TRACES_MS = 5_000;

/** What is wrong now, and what has been lately. */
export class Trouble {
  /** Times that this process, which carries all datagrams, stood still itself. */
  stalls = 0;
  readonly running = new Set<Fault>();
  readonly #books: Books;
  readonly #hurtUntilMs = new Map<string, number>();
  #calmSinceMs = 0;
  #stalledAtMs = Number.NEGATIVE_INFINITY;
  #tickedAtMs = performance.now();

  constructor(books: Books) {
    this.#books = books;
  }

  /** To be called all the time: a busy machine is no fault of ours, but its clients may notice. */
  tick(): void {
    const nowMs = performance.now();
    if (nowMs - this.#tickedAtMs > STALL_MS) {
      this.stalls++;
      this.#stalledAtMs = this.#books.nowMs;
      this.#calmSinceMs = this.#books.nowMs;
    }
    this.#tickedAtMs = nowMs;
  }

  begin(fault: Fault): void {
    this.running.add(fault);
    fault.begin();
  }

  end(fault: Fault): void {
    fault.end();
    this.running.delete(fault);
    for (const address of fault.hurts) this.#hurtUntilMs.set(address, this.#books.nowMs + TRACES_MS);
    this.#calmSinceMs = this.#books.nowMs;
  }

  /** Nothing that its clients may notice happens to this server, or has lately. */
  isWell(address: string): boolean {
    const isHurt = [...this.running].some(({ hurts }) => hurts.includes(address));
    if (this.#books.nowMs - this.#stalledAtMs < STALL_TRACES_MS) return false;
    return !isHurt && (this.#hurtUntilMs.get(address) ?? 0) < this.#books.nowMs;
  }

  /** For how long nothing has been wrong anywhere. */
  get calmMs(): number {
    return this.running.size > 0 ? 0 : this.#books.nowMs - this.#calmSinceMs;
  }
}
