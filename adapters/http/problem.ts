import { codeInfo, type ErrorCode } from '../../core/errors.ts';
import type { HttpResponse } from './types.ts';

/** Where in the request something is wrong: `avoid[2]`, `query app`, `body`. */
export interface ProblemPath {
  readonly path: string;
  readonly message: string;
}

/** What a problem says beyond its code. */
export interface ProblemOptions {
  /** One sentence for people about this very case. */
  readonly detail?: string | undefined;
  readonly errors?: readonly ProblemPath[] | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly wait?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Names the problem type (RFC 9457, section 3.1.1) without a host, which the product does not know. */
function typeOf(code: ErrorCode): string {
  return `urn:onedoor:error:${code}`;
}

/**
 * The answer for `code`: `application/problem+json` (RFC 9457) with the code's status. Waits also go into `Retry-After`,
 * in whole seconds, rounded up (RFC 9110, section 10.2.3).
 */
export function problemResponse(code: ErrorCode, options: ProblemOptions = {}): HttpResponse {
  const { http: status, means, remedy } = codeInfo(code);
  const { detail = remedy, errors, retryAfterMs, wait, headers } = options;
  return {
    status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...(retryAfterMs !== undefined && { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) }),
      ...headers,
    },
    body: JSON.stringify({ type: typeOf(code), title: means, status, detail, code, errors, retryAfterMs, wait }),
  };
}
