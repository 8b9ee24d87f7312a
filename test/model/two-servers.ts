import type { Model, Step } from './explore.ts';
import { type SeatConfiguration, SeatModel } from './seat-model.ts';
import { PRODUCT, type SeatRules } from './seat-rules.ts';
import { type SeatState, stateKey } from './seat-state.ts';

type Pair = readonly [SeatState, SeatState];

const NAMES = ['a', 'b'] as const;

/** Two servers, each the alternate that the other's tickets name. */
export class TwoServers implements Model<Pair> {
  readonly start: Pair;
  readonly #models: readonly [SeatModel, SeatModel];

  /** @param configuration of each; what may happen counts for both together */
  constructor(configuration: SeatConfiguration, rules: SeatRules = PRODUCT) {
    this.#models = [new SeatModel(configuration, rules, NAMES[0]), new SeatModel(configuration, rules, NAMES[1])];
    this.start = [this.#models[0].start, this.#models[1].start];
  }

  // What may still happen is the same for both.
  readonly key = ([a, b]: Pair): string => `${stateKey(a)}/${stateKey(b)}`;

  readonly problem = (before: Pair, after: Pair): string | undefined => {
    for (const at of [0, 1] as const) {
      const problem = before[at] === after[at] ? undefined : this.#models[at].problem(before[at], after[at]);
      if (problem !== undefined) return `${NAMES[at]}: ${problem}`;
    }
    return undefined;
  };

  readonly flaw = ([a, b]: Pair): string | undefined => this.#models[0].flaw(a) ?? this.#models[1].flaw(b);

  *steps(pair: Pair): Iterable<Step<Pair>> {
    for (const at of [0, 1] as const) {
      const other = pair[1 - at] as SeatState;
      for (const { label, next } of this.#models[at].steps(pair[at])) {
        const beside = { ...other, left: next.left, strangers: this.#ticketsOf(next, other) };
        yield { label: `${NAMES[at]}: ${label}`, next: at === 0 ? [next, beside] : [beside, next] };
      }
    }
  }

  /** A ticket is good for a failover long after its seat has expired. */
  #ticketsOf({ tickets }: SeatState, { strangers }: SeatState): readonly string[] {
    const fresh = tickets.map(({ gen, serial }) => `${gen}:${serial}`).filter((jti) => !strangers.includes(jti));
    return fresh.length === 0 ? strangers : [...strangers, ...fresh].sort();
  }
}
