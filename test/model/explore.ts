/** Breadth-first search through every reachable state, so that the first trace found to a problem is a shortest one. */

export interface Step<S> {
  readonly label: string;
  readonly next: S;
}

export interface Model<S> {
  readonly start: S;
  readonly steps: (state: S) => Iterable<Step<S>>;
  /** Equal texts for states that can do the same from now on, and for no others. */
  readonly key: (state: S) => string;
  /** What is wrong with coming from `before` to `after`. */
  readonly problem: (before: S, after: S) => string | undefined;
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

export function explore<S>(model: Model<S>, { maxStates = 20_000_000, onProgress }: Options = {}): Exploration {
  const seen = new Set<string>([model.key(model.start)]);
  /** By number of a state: the number of the state before it, and the step between them. */
  const parents: number[] = [-1];
  const labels: string[] = [''];
  let level: { readonly state: S; readonly index: number }[] = [{ state: model.start, index: 0 }];
  let transitions = 0;
  let depth = 0;
  const trace = (index: number): string[] => {
    const way: string[] = [];
    for (let at = index; at > 0; at = parents[at] as number) way.unshift(labels[at] as string);
    return way;
  };
  for (; level.length > 0; depth++) {
    const next: typeof level = [];
    for (const { state, index } of level) {
      for (const step of model.steps(state)) {
        transitions++;
        const problem = model.problem(state, step.next);
        if (problem !== undefined) {
          const found = { problem, trace: [...trace(index), step.label] };
          return { states: seen.size, transitions, depth: depth + 1, isComplete: false, found };
        }
        const key = model.key(step.next);
        if (seen.has(key)) continue;
        seen.add(key);
        next.push({ state: step.next, index: parents.push(index) - 1 });
        labels.push(step.label);
        if (seen.size % PROGRESS_STATES === 0) onProgress?.(seen.size, transitions);
      }
      if (seen.size >= maxStates) return { states: seen.size, transitions, depth, isComplete: false };
    }
    level = next;
  }
  return { states: seen.size, transitions, depth, isComplete: true };
}
