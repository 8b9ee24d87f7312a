import { refuse } from '../../core/errors.ts';
import { badRequest, type Refused } from './answer.ts';
import type { ProblemPath } from './problem.ts';
import { NOT_AN_OBJECT, type Rule } from './rules.ts';
import type { HttpRequest } from './types.ts';

/** No request needs more; a load balancer would pass 1 MB. */
const MAX_BODY_BYTES = 16 * 1024;
/** Mistakes told at once: an answer stays short whatever was sent. */
const MAX_ERRORS = 16;

const decoder = new TextDecoder('utf-8', { fatal: true });

/** The value that a rule makes, or what is wrong, as a refusal. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | Refused;

/** A JSON object; no body at all is an empty one. */
export function parseBody<T>(rule: Rule<T>, body: HttpRequest['body']): Parsed<T> {
  if (body === undefined || body.length === 0) return check(rule, {});
  // A string has at least as many bytes as units: most are known to fit without counting.
  const mayBeLong = typeof body === 'string' ? body.length * 3 > MAX_BODY_BYTES : true;
  if (mayBeLong && Buffer.byteLength(body) > MAX_BODY_BYTES) return refuse('http.body-too-large');
  let value: unknown;
  try {
    value = JSON.parse(typeof body === 'string' ? body : decoder.decode(body));
  } catch {
    return badRequest([{ path: 'body', message: 'must be JSON in UTF-8' }]);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return badRequest([{ path: 'body', message: NOT_AN_OBJECT }]);
  }
  return check(rule, value);
}

/** The parameters of a query, each given once. */
export function parseQueryBy<T>(rule: Rule<T>, query: HttpRequest['query'] = {}): Parsed<T> {
  const flat: Record<string, string> = Object.create(null);
  for (const name in query) {
    const values = query[name]!;
    if (values.length > 1) return badRequest([{ path: `?${name}`, message: 'must be given once' }]);
    flat[name] = values[0]!;
  }
  return check(rule, flat);
}

function check<T>(rule: Rule<T>, value: object): Parsed<T> {
  const errors: ProblemPath[] = [];
  const made = rule(value, '', errors);
  return errors.length === 0 ? { ok: true, value: made } : badRequest(errors.slice(0, MAX_ERRORS));
}
