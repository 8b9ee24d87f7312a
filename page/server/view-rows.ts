import type { RosterView } from '../../core/registry/roster.ts';
import { READY_STATUS, STATUSES } from '../wire.ts';

/** A server as the page shows it. */
export interface PageRow {
  readonly id: string;
  readonly app: string;
  readonly world: string;
  readonly group: string;
  readonly address: string;
  readonly zone: string;
  /** Place in STATUSES. */
  readonly status: number;
  readonly sessions: number;
  readonly capacity: number;
  readonly free: number;
  readonly beat: number;
  readonly beatAgeMs: number;
}

const SUSPECT = STATUSES.indexOf('suspect');

/** The servers of a view. One that is ready and not given out is suspect, whoever found that out. */
export function rowsOf(view: RosterView): PageRow[] {
  return view.entries.map(({ server }, at) => {
    const state = view.state[at]!;
    const host = server.ipv4 ?? (server.ipv6 === undefined ? '?' : `[${server.ipv6}]`);
    return {
      id: server.id,
      app: server.app,
      world: server.world,
      group: server.group,
      address: `${host}:${server.ports['game'] ?? '?'}`,
      zone: server.zone,
      status: state === READY_STATUS && view.open[at] !== 1 ? SUSPECT : state,
      sessions: view.sessions[at]!,
      capacity: view.capacity[at]!,
      free: view.free[at]!,
      beat: view.beat[at]!,
      beatAgeMs: view.beatAgeMs[at]!,
    };
  });
}
