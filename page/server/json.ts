import { problemResponse } from '../../adapters/http/problem.ts';
import type { HttpRequest, HttpResponse } from '../../adapters/http/types.ts';

/** The value in a body, or undefined if it is no JSON. */
export function jsonOf(body: HttpRequest['body']): unknown {
  try {
    return JSON.parse(typeof body === 'string' ? body : new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}

export function jsonAnswer(status: number, value: object): HttpResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: JSON.stringify(value),
  };
}

export function badRequest(detail: string): HttpResponse {
  return problemResponse('http.bad-request', { detail });
}
