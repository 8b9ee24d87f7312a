import {
  compareIds,
  emptyView,
  type RosterEntry,
  type RosterView,
  type ServerStatus,
  STATES,
} from '../../core/registry/roster.ts';

/** A server and how it is at the moment. */
export interface ListedServer extends RosterEntry {
  readonly status: ServerStatus;
}

/** The view that a reader has of these servers when it has just read a roster with them: `version` is its revision too. */
export function buildView(listed: readonly ListedServer[], version: number, freshMs: number): RosterView {
  const sorted = [...listed].sort((a, b) => compareIds(a.server.id, b.server.id));
  const view = { ...emptyView(sorted), version, revision: version };
  sorted.forEach(({ server, status }, index) => {
    view.free[index] = Math.min(status.free, server.maxCapacity);
    view.listedFree[index] = view.free[index]!;
    view.capacity[index] = Math.min(status.capacity, server.maxCapacity);
    view.sessions[index] = status.sessions;
    view.beat[index] = status.beat;
    view.beatAgeMs[index] = status.beatAgeMs;
    view.state[index] = STATES.indexOf(status.state);
    view.suspect[index] = status.suspect ? 1 : 0;
    const isOpen = status.state === 'ready' && !status.suspect && status.beatAgeMs < freshMs;
    view.open[index] = view.listed[index] = isOpen ? 1 : 0;
  });
  return view;
}
