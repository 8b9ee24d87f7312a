import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Answer, Ledger, OpenOrder, Order, Word } from './messages.ts';

const PROGRAM = join(import.meta.dirname, 'assigner-process.ts');
/** The first process compiles for all: the others start with a quarter of the work. */
const COMPILED = join(tmpdir(), 'onedoor-bursts');

/** Says how the assigner of a place works in a burst; asked once more for whoever comes for a dead one. */
export type OrderFor = (place: number) => OpenOrder;

/** Assigners, each in a process of its own; who dies is replaced. */
export class Fleet {
  readonly size: number;
  readonly #places: readonly Place[];

  private constructor(places: readonly Place[]) {
    this.size = places.length;
    this.#places = places;
  }

  /** Resolves when all are there. */
  static async start(size: number): Promise<Fleet> {
    const first = new Place();
    await first.ready;
    const places = [first, ...Array.from({ length: size - 1 }, () => new Place())];
    await Promise.all(places.map((place) => place.ready));
    return new Fleet(places);
  }

  /** Processes that died until now. */
  get deaths(): number {
    return this.#places.reduce((sum, { life }) => sum + life, 0);
  }

  /** One client asks at one place. `died`: the process ended and answered nothing. */
  async ask(place: number, burst: number, client: string, orderFor: OrderFor): Promise<Answer | 'died'> {
    const at = this.#places[place % this.size]!;
    await at.ready;
    at.open(burst, () => orderFor(place % this.size));
    return at.ask(burst, client);
  }

  /** Ends a burst everywhere: nobody takes or hands out any more. What those did who still live. */
  async close(burst: number): Promise<readonly Ledger[]> {
    const ledgers = await Promise.all(this.#places.map((place) => place.close(burst)));
    return ledgers.flatMap((ledger) => ledger ?? []);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#places.map((place) => place.stop()));
  }
}

class Place {
  life = 0;
  ready!: Promise<void>;
  #child!: ChildProcess;
  #isStopped = false;
  #asks = 0;
  /** Those who wait for an answer, by number. */
  #waiting = new Map<number, (answer: Answer | 'died') => void>();
  #open = new Map<number, (ledger: Ledger | undefined) => void>();

  constructor() {
    this.#fork();
  }

  open(burst: number, order: () => OpenOrder): void {
    if (this.#open.has(burst)) return;
    this.#open.set(burst, () => {});
    this.#send(order());
  }

  ask(burst: number, client: string): Promise<Answer | 'died'> {
    const ask = this.#asks++;
    return new Promise((resolve) => {
      this.#waiting.set(ask, resolve);
      this.#send({ kind: 'assign', ask, burst, client });
    });
  }

  close(burst: number): Promise<Ledger | undefined> {
    if (!this.#open.has(burst)) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#open.set(burst, resolve);
      this.#send({ kind: 'close', burst });
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  #fork(): void {
    const child = fork(PROGRAM, {
      execArgv: [],
      env: { ...process.env, NODE_COMPILE_CACHE: COMPILED },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child = child;
    this.ready = new Promise((resolve) => {
      child.on('message', (word: Word) => {
        if (word.kind === 'ready') resolve();
        else this.#hear(word);
      });
    });
    child.once('exit', () => this.#died());
    // What is sent to a process that has just died is lost with it: its end tells.
    child.on('error', () => {});
  }

  #send(order: Order): void {
    this.#child.send(order, () => {});
  }

  #hear(word: Exclude<Word, { kind: 'ready' }>): void {
    if (word.kind === 'answer') {
      this.#waiting.get(word.ask)?.(word.answer);
      this.#waiting.delete(word.ask);
      return;
    }
    this.#open.get(word.burst)?.(word.ledger);
    this.#open.delete(word.burst);
  }

  #died(): void {
    const [waiting, open] = [this.#waiting, this.#open];
    this.#waiting = new Map();
    this.#open = new Map();
    if (!this.#isStopped) {
      this.life++;
      this.#fork();
    }
    for (const answered of waiting.values()) answered('died');
    for (const closed of open.values()) closed(undefined);
  }
}
