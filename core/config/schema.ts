import { ConfigError } from '../errors.ts';

/**
 * Checks a configuration by hand-written rules: core imports nothing, and deployers want every mistake at once, each
 * with its path. A rule answers the value, typed, or says what is wrong; what it answers then is never used, because
 * `parse` throws.
 */
export type Rule<T> = (value: unknown, path: string, problems: string[]) => T;

/** Applies `rule` to the whole of `value`, whose path is empty. Throws ConfigError with every problem. */
export function parse<T>(rule: Rule<T>, value: unknown): T {
  const problems: string[] = [];
  const parsed = rule(value, '', problems);
  refuseIfAny(problems);
  return parsed;
}

/** Throws ConfigError with every problem, if there is one. */
export function refuseIfAny(problems: readonly string[]): void {
  if (problems.length > 0) throw new ConfigError(problems);
}

/** The sentence of a mistake, everywhere the same. */
export function mistake(path: string, must: string, got: unknown): string {
  return `\`${path || 'the configuration'}\` must be ${must}, got: ${show(got)}.`;
}

/** The path of a field. */
function fieldPath(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function demand<T>(must: string, holds: (value: unknown) => boolean): Rule<T> {
  return (value, path, problems) => {
    if (!holds(value)) problems.push(mistake(path, must, value));
    return value as T;
  };
}

/** A whole number from `min` to `max`. */
export function integer(min: number, max: number): Rule<number> {
  return demand(
    `a whole number between ${min} and ${max}`,
    (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max,
  );
}

/** A text that fits `pattern`; `must` says so in words. */
export function text(must: string, pattern: RegExp): Rule<string> {
  return demand(must, (value) => typeof value === 'string' && pattern.test(value));
}

/** One of the words. */
export function oneOf<const T extends string>(...words: readonly T[]): Rule<T> {
  return demand(`one of ${words.join(', ')}`, (value) => words.includes(value as T));
}

export const flag: Rule<boolean> = demand('true or false', (value) => typeof value === 'boolean');

/** An array of `min` to `max` values. */
export function list<T>(rule: Rule<T>, min: number, max: number): Rule<readonly T[]> {
  return (value, path, problems) => {
    if (!Array.isArray(value) || value.length < min || value.length > max) {
      problems.push(mistake(path, `a list of ${min} to ${max}`, value));
      return [];
    }
    return value.map((item, index) => rule(item, `${path}[${index}]`, problems));
  };
}

/** An object whose keys fit `key` and whose values fit `rule`. */
export function record<T>(key: Rule<string>, rule: Rule<T>, max: number): Rule<Readonly<Record<string, T>>> {
  return (value, path, problems) => {
    if (!isObject(value) || Object.keys(value).length > max) {
      problems.push(mistake(path, `an object of at most ${max} keys`, value));
      return {};
    }
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [
        key(name, `name of ${fieldPath(path, name)}`, problems),
        rule(item, fieldPath(path, name), problems),
      ]),
    );
  };
}

/** The rule, applied to `fallback` where nothing is given: a default is checked, and filled in, like any other value. */
export function withDefault<T>(rule: Rule<T>, fallback: unknown): Rule<T> {
  return (value, path, problems) => rule(value === undefined ? fallback : value, path, problems);
}

/** The rule, or nothing. */
export function optional<T>(rule: Rule<T>): Rule<T | undefined> {
  return (value, path, problems) => (value === undefined ? undefined : rule(value, path, problems));
}

type Fields<T> = { readonly [K in keyof T]-?: Rule<T[K]> };

/** An object with exactly these fields; a key that is not among them is a mistake. */
export function shape<T extends object>(fields: Fields<T>): Rule<T> {
  const known = Object.keys(fields) as (keyof T & string)[];
  return (value, path, problems) => {
    if (!isObject(value)) {
      problems.push(mistake(path, 'an object', value));
      return {} as T;
    }
    for (const key of Object.keys(value)) {
      if (!known.includes(key as keyof T & string)) {
        problems.push(
          `\`${fieldPath(path, key)}\` must be left out: there is no such key; known are ${known.join(', ')}.`,
        );
      }
    }
    const entries = known.map((key) => [key, fields[key](value[key], fieldPath(path, key), problems)] as const);
    return Object.fromEntries(entries.filter(([, field]) => field !== undefined)) as T;
  };
}

/** An object of one of several shapes, told apart by its field `tag`. */
export function variant<T extends object>(tag: keyof T & string, shapes: Readonly<Record<string, Rule<T>>>): Rule<T> {
  const word = oneOf(...Object.keys(shapes));
  return (value, path, problems) => {
    if (!isObject(value)) {
      problems.push(mistake(path, 'an object', value));
      return {} as T;
    }
    const chosen = shapes[word(value[tag], fieldPath(path, tag), problems)];
    return chosen ? chosen(value, path, problems) : ({} as T);
  };
}

/** A rule, and then a further one on the typed value; the second sees it only if the first found nothing. */
export function refine<T>(rule: Rule<T>, check: (value: T, path: string) => readonly string[]): Rule<T> {
  return (value, path, problems) => {
    const before = problems.length;
    const parsed = rule(value, path, problems);
    if (problems.length === before) problems.push(...check(parsed, path));
    return parsed;
  };
}

/**
 * As `refine`, but asked whatever the first rule found, so that no mistake hides another one. Where the first rule
 * complained, a field may be anything or missing: `check` must bear that, and say nothing of it.
 */
export function refineAnyway<T>(rule: Rule<T>, check: (value: T) => readonly string[]): Rule<T> {
  return (value, path, problems) => {
    const parsed = rule(value, path, problems);
    if (isObject(value)) problems.push(...check(parsed));
    return parsed;
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
