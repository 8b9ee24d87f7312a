import type { ProblemPath } from '../adapters/http/problem.ts';
import type { HttpRequest } from '../adapters/http/types.ts';
import { parse, type Rule } from '../core/config/schema.ts';
import { ConfigError } from '../core/errors.ts';

export type Body<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly errors: readonly ProblemPath[] };

const PATH = /^`([^`]*)` /;

/** The body as JSON by `rule`; no body is an empty object. */
export function readJson<T>(request: HttpRequest, rule: Rule<T>): Body<T> {
  try {
    return { ok: true, value: parse(rule, toJson(request.body)) };
  } catch (error) {
    if (error instanceof SyntaxError) return { ok: false, errors: [{ path: 'body', message: 'must be JSON' }] };
    if (!(error instanceof ConfigError)) throw error;
    return {
      ok: false,
      errors: error.problems.map((problem) => ({
        path: PATH.exec(problem)?.[1] ?? 'body',
        message: problem.replace(PATH, ''),
      })),
    };
  }
}

function toJson(body: HttpRequest['body']): unknown {
  const text = typeof body === 'string' ? body : Buffer.from(body ?? []).toString('utf8');
  return text === '' ? {} : JSON.parse(text);
}
