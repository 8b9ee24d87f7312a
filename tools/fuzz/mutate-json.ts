import type { Rng } from '../../core/ports.ts';

const ODD_VALUES: readonly unknown[] = [null, true, '', 'a', '\u0000', '💥', -1, 0, 0.5, 65_536, 2 ** 53, [], {}, [[]]];
const MOST_STEPS = 3;

/** As JSON.parse sets it: `__proto__` is a name like any other. */
function set(holder: object, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, enumerable: true, writable: true, configurable: true });
}

/** Gives a variant of a JSON text with some values changed, moved, doubled or renamed; undefined if it is none. */
export function createJsonMutator(
  rng: Pick<Rng, 'float'>,
  words: readonly string[],
): (text: Uint8Array) => Uint8Array | undefined {
  const below = (limit: number): number => Math.floor(rng.float() * limit);
  const oneOf = <T>(values: readonly T[]): T => values[below(values.length)]!;

  const change = (holder: Record<string, unknown>, key: string): void => {
    const value = holder[key];
    const kind = below(6);
    if (kind === 0) delete holder[key];
    else if (kind === 1) set(holder, oneOf(words.length > 0 ? words : ['a']), value);
    else if (kind === 2 && typeof value === 'number') set(holder, key, value + oneOf([-1, 1, 0.5, 2 ** 31]));
    else if (kind === 3 && typeof value === 'string') set(holder, key, value.repeat(1 + below(12)).slice(below(3)));
    else if (kind === 4 && Array.isArray(value)) value.push(structuredClone(value[0] ?? null));
    else set(holder, key, structuredClone(oneOf(ODD_VALUES)));
  };

  /** All places where a value stands. */
  const places = (value: unknown): [Record<string, unknown>, string][] => {
    if (typeof value !== 'object' || value === null) return [];
    const holder = value as Record<string, unknown>;
    return Object.keys(holder).flatMap((key) => [[holder, key], ...places(holder[key])]);
  };

  return (text) => {
    let value: unknown;
    try {
      value = JSON.parse(new TextDecoder().decode(text));
    } catch {
      return undefined;
    }
    for (let left = 1 + below(MOST_STEPS); left > 0; left--) {
      const all = places(value);
      if (all.length > 0) change(...oneOf(all));
      else if (typeof value === 'object' && value !== null) change(value as Record<string, unknown>, oneOf(words));
    }
    return new TextEncoder().encode(JSON.stringify(value));
  };
}
