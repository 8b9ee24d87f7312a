import { isIPv4 } from 'node:net';
import type { HttpRequest } from '../../adapters/http/types.ts';
import { isAuthorized } from '../../adapters/system/api-token.ts';

/** Why a request is refused, in words; undefined: it is not. */
export type Guard = (request: HttpRequest) => string | undefined;

const HOST = /^(\[::1\]|[a-z0-9.-]+)(?::\d{1,5})?$/i;

function isLoopback(host: string): boolean {
  const name = HOST.exec(host)?.[1]?.toLowerCase();
  return name === 'localhost' || name === '[::1]' || (name !== undefined && isIPv4(name) && name.startsWith('127.'));
}

/**
 * Only pages of this very origin may ask: the name in `Host` must be a loopback one (or a page of another site could reach
 * this port by a name that it points here), and what a browser sends for a page of another site is refused.
 */
export const guardReading: Guard = ({ headers }) => {
  if (!isLoopback(headers['host'] ?? '')) return 'the page is asked for by a loopback name or address alone';
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return 'a page of another site asks';
  const origin = headers['origin'];
  if (origin !== undefined && origin !== `http://${headers['host']}`) return 'a page of another origin asks';
  return undefined;
};

/** Who acts must show the token, in a field that no form of another site can send. */
export function guardActing(token: string): Guard {
  return (request) => {
    const problem = guardReading(request);
    if (problem !== undefined) return problem;
    if (request.headers['content-type'] !== 'application/json') return 'a request to act must be application/json';
    if (isAuthorized(request.headers['authorization'], token)) return undefined;
    return 'the token is missing or wrong: open the page by its whole address, with what stands behind #';
  };
}
