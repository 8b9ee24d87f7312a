import type { Rng } from '../../core/ports.ts';
import { createJsonMutator } from './mutate-json.ts';
import type { Target } from './target.ts';

/** Values at which parsers go wrong: limits of widths and of this protocol. */
const ODD_BYTES = [0, 1, 0x7f, 0x80, 0xff, 0x22, 0x2c, 0x2e, 0x3a, 0x5c, 0x7b, 0x7d];
const ODD_WORDS = [0, 1, 7, 8, 20, 31, 255, 256, 760, 1_200, 1_201, 0x7fff, 0x8000, 0xffff];
const MOST_STEPS = 6;
const MOST_MOVED = 24;

export interface Mutator {
  /** A variant of one of `corpus`, of at most `maxBytes`. */
  mutate(corpus: readonly Uint8Array[], maxBytes: number): Uint8Array;
}

type Step = (bytes: number[]) => void;

export function createMutator(
  rng: Pick<Rng, 'float'>,
  { words = [], isJson }: Pick<Target, 'words' | 'isJson'>,
): Mutator {
  const below = (limit: number): number => Math.floor(rng.float() * limit);
  const oneOf = <T>(values: readonly T[]): T => values[below(values.length)]!;
  const encoded = words.map((word) => [...new TextEncoder().encode(word)]);
  const steps: readonly Step[] = [
    (bytes) => {
      const at = below(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
    },
    (bytes) => {
      bytes[below(bytes.length)] = oneOf(ODD_BYTES);
    },
    (bytes) => {
      bytes[below(bytes.length)] = below(256);
    },
    (bytes) => {
      const at = below(bytes.length);
      const word = oneOf(ODD_WORDS);
      bytes.splice(at, 2, word >> 8, word & 0xff);
    },
    (bytes) => {
      const at = below(bytes.length);
      bytes[at] = ((bytes[at] ?? 0) + oneOf([-1, 1])) & 0xff;
    },
    (bytes) => void bytes.splice(below(bytes.length), 1 + below(MOST_MOVED)),
    (bytes) => void bytes.splice(below(bytes.length + 1), 0, ...Array.from({ length: 1 + below(4) }, () => below(256))),
    (bytes) => {
      const from = below(bytes.length);
      const part = bytes.slice(from, from + 1 + below(MOST_MOVED));
      bytes.splice(below(bytes.length + 1), 0, ...part);
    },
    (bytes) => {
      if (encoded.length > 0) bytes.splice(below(bytes.length + 1), below(2) * below(8), ...oneOf(encoded));
    },
    (bytes) => {
      // A count or a length that fits what now stands behind it.
      const at = below(bytes.length);
      bytes[at] = bytes.length - at - 1;
    },
  ];
  const mutateJson = createJsonMutator(rng, words);
  return {
    mutate(corpus, maxBytes) {
      const json = isJson && below(2) === 0 ? mutateJson(oneOf(corpus)) : undefined;
      if (json && json.length <= maxBytes) return json;
      const bytes = [...oneOf(corpus)];
      if (below(4) === 0) {
        const other = oneOf(corpus);
        bytes.splice(below(bytes.length + 1), bytes.length, ...other.subarray(below(other.length + 1)));
      }
      for (let left = 1 + below(MOST_STEPS); left > 0; left--) {
        if (bytes.length === 0) bytes.push(below(256));
        oneOf(steps)(bytes);
      }
      return Uint8Array.from(bytes.slice(0, maxBytes));
    },
  };
}
