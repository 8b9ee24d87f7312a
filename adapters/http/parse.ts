import * as v from 'valibot';
import { refuse } from '../../core/errors.ts';
import { badRequest, type Refused } from './answer.ts';
import type { ProblemPath } from './problem.ts';
import type { HttpRequest } from './types.ts';

/** No request needs more; a load balancer would pass 1 MB. */
const MAX_BODY_BYTES = 16 * 1024;
/** Mistakes told at once: an answer stays short whatever was sent. */
const MAX_ERRORS = 16;

const decoder = new TextDecoder('utf-8', { fatal: true });
const ONE_ISSUE_A_FIELD = { abortPipeEarly: true };

/** The value that `schema` makes, or what is wrong, as a refusal. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | Refused;

/** A JSON object; no body at all is an empty one. */
export function parseBody<T>(schema: v.GenericSchema<unknown, T>, body: HttpRequest['body']): Parsed<T> {
  if (body === undefined || body.length === 0) return check(schema, {});
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
    return badRequest([{ path: 'body', message: 'must be an object' }]);
  }
  return check(schema, value);
}

/** The parameters of a query, each given once. */
export function parseQueryBy<T>(schema: v.GenericSchema<unknown, T>, query: HttpRequest['query'] = {}): Parsed<T> {
  const flat: Record<string, string> = Object.create(null);
  for (const name in query) {
    const values = query[name]!;
    if (values.length > 1) return badRequest([{ path: `?${name}`, message: 'must be given once' }]);
    flat[name] = values[0]!;
  }
  return check(schema, flat, '?');
}

function check<T>(schema: v.GenericSchema<unknown, T>, value: unknown, prefix = ''): Parsed<T> {
  const result = v.safeParse(schema, value, ONE_ISSUE_A_FIELD);
  if (result.success) return { ok: true, value: result.output };
  return badRequest(result.issues.slice(0, MAX_ERRORS).map((issue) => toProblem(issue, prefix)));
}

function toProblem(issue: v.BaseIssue<unknown>, prefix: string): ProblemPath {
  let path = '';
  for (const { key } of issue.path ?? []) {
    path += typeof key === 'number' ? `[${key}]` : `${path === '' ? prefix : '.'}${key}`;
  }
  const unknown = issue.type === 'strict_object' && issue.expected === 'never';
  return { path, message: unknown ? 'is not known here; see docs/openapi.yaml' : issue.message };
}
