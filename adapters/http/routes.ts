import { assignmentRequest, reportRequest, rosterQuery } from './requests.ts';
import type { Rule } from './rules.ts';

interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** At most one parameter, in braces, which is a whole segment. */
  readonly path: string;
  /** Absent: the query is not looked at. */
  readonly query?: Rule<object>;
  /** Absent: the body is not looked at. */
  readonly body?: Rule<object>;
  /** Status of success. */
  readonly status: number;
}

/** The whole HTTP API: the router is made from it, and docs/openapi.yaml is held equal to it. */
export const ROUTES = {
  assign: {
    method: 'POST',
    path: '/v1/assignments',
    body: assignmentRequest,
    status: 201,
  },
  release: { method: 'DELETE', path: '/v1/assignments/{id}', status: 200 },
  apps: { method: 'GET', path: '/v1/apps', status: 200 },
  worlds: { method: 'GET', path: '/v1/apps/{app}/worlds', status: 200 },
  servers: { method: 'GET', path: '/v1/servers', query: rosterQuery, status: 200 },
  report: { method: 'POST', path: '/v1/reports', body: reportRequest, status: 202 },
  keys: { method: 'GET', path: '/.well-known/jwks.json', status: 200 },
  health: { method: 'GET', path: '/healthz', status: 200 },
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof ROUTES;
