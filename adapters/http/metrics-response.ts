import type { HttpResponse } from './types.ts';

/** Metrics as Prometheus reads them. */
export function metricsResponse(body: string): HttpResponse {
  const headers = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' };
  return { status: 200, headers, body };
}
