import type { RosterSource } from '../assign/assigner.ts';
import type { RosterView } from '../registry/roster.ts';

/** The roster less the servers that this process itself has found silent: it need not wait for the registry's word. */
export interface ClosedRoster extends RosterSource {
  /** Not given out from this moment on. */
  close(id: string): void;
  /** Given out again as soon as the roster says so. */
  reopen(id: string): void;
}

export function createClosedRoster(roster: RosterSource): ClosedRoster {
  const closed = new Set<string>();
  let latest: RosterView | undefined;
  let revision = 0;
  const closeIn = (view: RosterView, id: string): void => {
    const index = view.indexOf.get(id);
    if (index !== undefined) view.open[index] = 0;
  };
  return {
    ...roster,
    view() {
      const view = roster.view();
      if (view === latest && view.revision === revision) return view;
      for (const id of closed) closeIn(view, id);
      latest = view;
      revision = view.revision;
      return view;
    },
    close(id) {
      closed.add(id);
      closeIn(latest ?? roster.view(), id);
    },
    reopen: (id) => void closed.delete(id),
  };
}
