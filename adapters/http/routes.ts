import type * as v from 'valibot';
import {
  appsAnswer,
  assignmentAnswer,
  assignmentRequest,
  healthAnswer,
  keySetAnswer,
  releaseAnswer,
  reportAnswer,
  reportRequest,
  rosterAnswer,
  rosterQuery,
  worldsAnswer,
} from './schemas.ts';

interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** At most one parameter, in braces, which is a whole segment. */
  readonly path: string;
  /** Absent: the query is not looked at. */
  readonly query?: v.GenericSchema;
  /** Absent: the body is not looked at. */
  readonly body?: v.GenericSchema;
  /** Status of success. */
  readonly status: number;
  /** Body of success. */
  readonly answer: v.GenericSchema;
}

/** The whole HTTP API: the router is made from it, and docs/openapi.yaml is held equal to it. */
export const ROUTES = {
  assign: {
    method: 'POST',
    path: '/v1/assignments',
    body: assignmentRequest,
    status: 201,
    answer: assignmentAnswer,
  },
  release: { method: 'DELETE', path: '/v1/assignments/{id}', status: 200, answer: releaseAnswer },
  apps: { method: 'GET', path: '/v1/apps', status: 200, answer: appsAnswer },
  worlds: { method: 'GET', path: '/v1/apps/{app}/worlds', status: 200, answer: worldsAnswer },
  servers: { method: 'GET', path: '/v1/servers', query: rosterQuery, status: 200, answer: rosterAnswer },
  report: { method: 'POST', path: '/v1/reports', body: reportRequest, status: 202, answer: reportAnswer },
  keys: { method: 'GET', path: '/.well-known/jwks.json', status: 200, answer: keySetAnswer },
  health: { method: 'GET', path: '/healthz', status: 200, answer: healthAnswer },
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof ROUTES;
