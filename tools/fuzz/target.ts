/** One parser under test. */
export interface Target {
  readonly name: string;
  /**
   * Gives any bytes to the parser and checks what comes out: `accepted`, or the reason of the refusal, which is one of few
   * words that can be counted. Throws where a rule is broken, and only then.
   */
  readonly run: (bytes: Uint8Array) => string | Promise<string>;
  /** Inputs to begin with, beside those of test/corpus. */
  readonly seeds: readonly Uint8Array[];
  readonly maxBytes: number;
  /** Words of its texts. */
  readonly words?: readonly string[];
  /** Its inputs are JSON: half of the variants change a value in it instead of a byte. */
  readonly isJson?: true;
  /** Makes checksums and lengths fit, which chance does not find; used for one half of the inputs. */
  readonly repair?: (bytes: Uint8Array) => Uint8Array;
}

/** What a fuzzed parser did that it never may. */
export function broken(rule: string, got: unknown): Error {
  return new Error(`${rule}, got: ${typeof got === 'string' ? got : JSON.stringify(got)}`);
}

/** Bytes as numbers, absent fields left out: two values of any parser are equal if their forms are. */
export function formOf(value: unknown): string {
  return JSON.stringify(value, (_, field: unknown) => (field instanceof Uint8Array ? [...field] : field));
}
