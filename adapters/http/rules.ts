import type { ProblemPath } from './problem.ts';

/**
 * Checks what a request brings, by hand-written rules: they are a part of each function's start and of each request. The
 * schemas of docs/openapi.yaml say the same (schemas.ts), and a test holds the two equal. A rule answers the value,
 * typed; where it adds to `errors`, its answer is never used.
 */
export type Rule<T> = (value: unknown, path: string, errors: ProblemPath[]) => T;

export const NOT_AN_OBJECT = 'must be an object';
/** Names that an object cannot carry safely. */
const RESERVED_NAMES = ['__proto__', 'prototype', 'constructor'];

/** Whether it is text of 1..maxBytes bytes of UTF-8; half a surrogate pair has no UTF-8 (RFC 3629, section 3). */
export function isShortText(value: unknown, maxBytes: number): value is string {
  if (typeof value !== 'string' || value === '' || value.length > maxBytes) return false;
  // A unit has three bytes at most: most text is known to fit without counting.
  return value.isWellFormed() && (value.length * 3 <= maxBytes || Buffer.byteLength(value) <= maxBytes);
}

/** The sentence about text that is none, or too long: the limit of the probe protocol, which carries the same names. */
export function shortTextMessage(maxBytes: number): string {
  return `must be text of 1 to ${maxBytes} bytes of UTF-8`;
}

/** Whether it is an object of at most `most` entries with names that are safe. */
export function isSmallObject(value: unknown, most: number): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.keys(value).length <= most && RESERVED_NAMES.every((name) => !Object.hasOwn(value, name));
}

/** A value for which `is` holds. */
export function only<T>(is: (value: unknown) => boolean, message: string): Rule<T> {
  return (value, path, errors) => {
    if (!is(value)) errors.push({ path, message });
    return value as T;
  };
}

export function shortText(maxBytes: number): Rule<string> {
  return only((value) => isShortText(value, maxBytes), shortTextMessage(maxBytes));
}

/** A list; its size is checked before the items, since each wrong one makes an error and a body has room for thousands. */
export function list<T>(isList: (value: unknown) => boolean, message: string, item: Rule<T>): Rule<T[]> {
  return (value, path, errors) => {
    if (isList(value)) return (value as unknown[]).map((each, at) => item(each, `${path}[${at}]`, errors));
    errors.push({ path, message });
    return [];
  };
}

/** An object of at most `most` entries with names of the clients' choice. */
export function dictionary<T>(most: number, message: string, name: Rule<string>, item: Rule<T>) {
  return (value: unknown, path: string, errors: ProblemPath[]): Record<string, T> => {
    const made: Record<string, T> = {};
    if (!isSmallObject(value, most)) {
      errors.push({ path, message });
      return made;
    }
    for (const [key, each] of Object.entries(value)) {
      name(key, `${path}.${key}`, errors);
      made[key] = item(each, `${path}.${key}`, errors);
    }
    return made;
  };
}

type Fields<T> = { readonly [K in keyof T]-?: Rule<Exclude<T[K], undefined>> };

/**
 * An object of these fields and no others, so that a typing error is told. The value has them in their order here,
 * whatever the request's was.
 * @param prefix of a field's path
 */
export function shape<T extends object>(fields: Fields<T>, required: readonly (keyof T)[] = [], prefix = ''): Rule<T> {
  const names = Object.keys(fields) as (keyof T & string)[];
  return (value, _path, errors) => {
    const given = value as Record<string, unknown>;
    const made: Partial<T> = {};
    for (const name of names) {
      if (Object.hasOwn(given, name))
        made[name] = fields[name](given[name], `${prefix}${name}`, errors) as T[typeof name];
      else if (required.includes(name)) errors.push({ path: `${prefix}${name}`, message: 'must be given' });
    }
    const unknown = Object.keys(given).find((name) => !Object.hasOwn(fields, name));
    if (unknown !== undefined) {
      errors.push({ path: `${prefix}${unknown}`, message: 'is not known here; see docs/openapi.yaml' });
    }
    return made as T;
  };
}
