import { metricsResponse } from '../adapters/http/metrics-response.ts';
import { problemResponse } from '../adapters/http/problem.ts';
import type { HttpHandler } from '../adapters/http/types.ts';
import type { Clock } from '../core/ports.ts';
import type { ProberFacts } from '../core/suspect/prober.ts';
import type { Door } from './compose.ts';
import { gatewayMetrics, summed } from './metrics.ts';
import type { SiblingFacts } from './siblings.ts';

/** What the health port knows beside the door itself. */
export interface HealthFacts {
  /** True from the moment the process was told to stop. */
  stopping: boolean;
  readonly version: string;
  /** Items of the registry that were skipped since the start. */
  readonly unreadable: () => number;
  /** What this gateway finds out about the servers. */
  readonly probing: () => ProberFacts;
  /** Monotonic time at which the UDP loop last heard the door's own knock. */
  readonly udpAliveAtMs: () => number;
  /** How long datagrams wait before they are read, in ms. */
  readonly queueAgeMs: () => number;
  /** The other processes of this gateway. */
  readonly siblings: () => readonly SiblingFacts[];
}

/** A UDP loop that has not answered itself for this long is stuck. */
const UDP_STUCK_MS = 5_000;

/**
 * `GET /healthz`: 200 while the gateway should get traffic, 503 with the reason otherwise. A roster that stands still
 * is no reason: the gateway goes on with it, and taking it away would help nobody. One that never came is. `GET /metrics`:
 * the metrics of docs/METRICS.md for Prometheus.
 */
export function createHealthHandler(door: Door, facts: HealthFacts, clock: Clock): HttpHandler {
  return ({ method, path }) => {
    if (path !== '/healthz' && path !== '/metrics') return problemResponse('http.not-found');
    if (method !== 'GET' && method !== 'HEAD') {
      return problemResponse('http.method-not-allowed', { headers: { allow: 'GET, HEAD' } });
    }
    if (path === '/metrics') return metricsResponse(gatewayMetrics({ door, ...facts }));
    const ageMs = door.roster.ageMs();
    const reason = facts.stopping
      ? 'stopping'
      : clock.monoMs() - facts.udpAliveAtMs() > UDP_STUCK_MS
        ? 'udp-stuck'
        : Number.isFinite(ageMs)
          ? undefined
          : 'no-roster';
    const view = door.roster.view();
    const siblings = facts.siblings();
    const body = {
      status: reason === undefined ? 'ok' : 'failing',
      reason,
      version: facts.version,
      unreadableItems: facts.unreadable(),
      rosterVersion: view.version,
      rosterAgeMs: Number.isFinite(ageMs) ? Math.round(ageMs) : null,
      rosterDegraded: door.roster.degraded(),
      servers: view.entries.length,
      openServers: door.openServers(),
      liveDoors: door.liveDoors(),
      probing: facts.probing(),
      siblings: siblings.map(({ pid, status }) => ({ pid, status })),
      counters: summed([door.counters.read(), ...siblings.map(({ counters }) => counters)]),
      answerTimes: door.times.read(),
    };
    return {
      status: reason === undefined ? 200 : 503,
      headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
      body: JSON.stringify(body),
    };
  };
}
