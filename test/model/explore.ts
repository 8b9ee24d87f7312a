import { SeenStates } from './seen-states.ts';

/** Breadth-first search through every reachable state, so that the first trace found to a problem is a shortest one. */

export interface Step<S> {
  readonly label: string;
  readonly next: S;
}

export interface Model<S> {
  readonly start: S;
  /** The same steps in the same order for the same state. */
  readonly steps: (state: S) => Iterable<Step<S>>;
  /** Equal texts for states that can do the same from now on, and for no others. */
  readonly key: (state: S) => string;
  /** What is wrong with coming from `before` to `after`. */
  readonly problem: (before: S, after: S) => string | undefined;
  /** What is wrong with being there; asked once of each state. */
  readonly flaw: (state: S) => string | undefined;
}

export interface Exploration {
  readonly states: number;
  readonly transitions: number;
  /** Length of the longest of the shortest ways to a state. */
  readonly depth: number;
  /** False: stopped at `maxStates`. */
  readonly isComplete: boolean;
  readonly found?: { readonly problem: string; readonly trace: readonly string[] };
}

interface Options {
  readonly maxStates?: number;
  /** Told now and then. */
  readonly onProgress?: (states: number, transitions: number) => void;
}

const PROGRESS_STATES = 100_000;

/** How each state was reached first: the number of the one before it, and which of its steps. */
class Ways {
  #parents = new Int32Array(1 << 12);
  #steps = new Uint16Array(1 << 12);
  #count = 1;

  /** Gives the number of the new state. The start is 0. */
  push(parent: number, step: number): number {
    if (this.#count === this.#parents.length) {
      const [parents, steps] = [this.#parents, this.#steps];
      this.#parents = new Int32Array(2 * this.#count);
      this.#parents.set(parents);
      this.#steps = new Uint16Array(2 * this.#count);
      this.#steps.set(steps);
    }
    this.#parents[this.#count] = parent;
    this.#steps[this.#count] = step;
    return this.#count++;
  }

  to(index: number): number[] {
    const way: number[] = [];
    for (let at = index; at > 0; at = this.#parents[at] as number) way.unshift(this.#steps[at] as number);
    return way;
  }
}

/** Goes the way once more, since the labels of millions of steps would not fit into memory. */
function labelsOf<S>(model: Model<S>, way: readonly number[]): string[] {
  let state = model.start;
  return way.map((nth) => {
    const step = [...model.steps(state)][nth] as Step<S>;
    state = step.next;
    return step.label;
  });
}

export function explore<S>(model: Model<S>, { maxStates = 50_000_000, onProgress }: Options = {}): Exploration {
  const seen = new SeenStates();
  seen.add(model.key(model.start));
  const ways = new Ways();
  let level: { readonly state: S; readonly index: number }[] = [{ state: model.start, index: 0 }];
  let transitions = 0;
  let depth = 0;
  for (; level.length > 0; depth++) {
    const next: typeof level = [];
    for (const { state, index } of level) {
      let nth = -1;
      for (const step of model.steps(state)) {
        transitions++;
        nth++;
        const isNew = seen.add(model.key(step.next));
        const problem = model.problem(state, step.next) ?? (isNew ? model.flaw(step.next) : undefined);
        if (problem !== undefined) {
          const found = { problem, trace: labelsOf(model, [...ways.to(index), nth]) };
          return { states: seen.size, transitions, depth: depth + 1, isComplete: false, found };
        }
        if (!isNew) continue;
        next.push({ state: step.next, index: ways.push(index, nth) });
        if (seen.size % PROGRESS_STATES === 0) onProgress?.(seen.size, transitions);
      }
      if (seen.size >= maxStates) return { states: seen.size, transitions, depth, isComplete: false };
    }
    level = next;
  }
  return { states: seen.size, transitions, depth: depth - 1, isComplete: true };
}
