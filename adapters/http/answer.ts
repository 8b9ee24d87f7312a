import { type Refusal, refuse } from '../../core/errors.ts';
import type { ProblemPath } from './problem.ts';
import type { HttpResponse } from './types.ts';

/** A refusal on its way to a problem document. */
export interface Refused extends Refusal {
  readonly errors?: readonly ProblemPath[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a route answers: refusals become problem documents in one place. */
export type Answer = HttpResponse | Refused;

/** The request does not fit: what is wrong, and where. */
export function badRequest(errors: readonly ProblemPath[]): Refused {
  return { ...refuse('http.bad-request'), errors };
}

/** A JSON document. */
export function jsonAnswer(status: number, body: unknown, cacheControl = 'no-store'): HttpResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': cacheControl },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
}
