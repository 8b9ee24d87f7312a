import { type Refusal, refuse } from '../errors.ts';
import { READY, type RosterView, STATES } from '../registry/roster.ts';
import { createPools } from '../select/pools.ts';
import { parseAddress } from '../wire/address.ts';
import { paginateRoster, type RosterEntry, type RosterPage } from '../wire/roster-page.ts';
import { namedPorts } from '../wire/server-port.ts';

/** What a request says about the page that it wants. */
export interface PageRequest {
  readonly app?: string | undefined;
  readonly world?: string | undefined;
  readonly page?: number | undefined;
}

/** The page of `view` that a request asks for (docs/PROTOCOL.md, "Roster page"), or why there is none. */
export type RosterPages = (view: RosterView, request: PageRequest) => RosterPage | Refusal;

/** Lists kept of one view: names are the clients' to choose, memory is not. */
const MAX_KEPT = 16;
/** Four bits of an entry's shape count its ports. */
const MAX_ENTRY_PORTS = 15;
const RETRY_MS = 1_000;
const U32 = 2 ** 32;

/** Pages are made when first asked for, once for each view, so that all of one version belong together. */
export function createRosterPages(defaultApp: string | undefined): RosterPages {
  let kept:
    | { readonly view: RosterView; readonly revision: number; readonly lists: Map<string, readonly RosterPage[]> }
    | undefined;

  return (view, { app = defaultApp, world, page = 0 }) => {
    if (view.version === 0) return refuse('assign.unavailable', { retryAfterMs: RETRY_MS });
    if (app === undefined) return refuse('assign.unknown-app');
    if (kept?.view !== view || kept.revision !== view.revision) {
      kept = { view, revision: view.revision, lists: new Map() };
    }
    const key = JSON.stringify([app, world]);
    let pages = kept.lists.get(key);
    if (!pages) {
      const found = createPools(view).pool(app, world);
      // The default app is known by configuration; that it has no server yet is no mistake of the client.
      if (!found.ok && (app !== defaultApp || found.code !== 'assign.unknown-app')) return found;
      pages = paginateRoster(view.version % U32, found.ok ? listed(view, found.pool.members) : []);
      if (kept.lists.size < MAX_KEPT) kept.lists.set(key, pages);
    }
    return pages[Math.min(page, pages.length - 1)]!;
  };
}

/** Sorted by group, which is spelled once in a row; servers that are gone are left out: nobody can go there. */
function listed(view: RosterView, members: Int32Array): RosterEntry[] {
  const there = [...members].filter((index) => STATES[view.state[index]!] !== 'gone');
  const groupOf = (index: number): string => view.entries[index]!.server.group;
  there.sort((a, b) => (groupOf(a) < groupOf(b) ? -1 : groupOf(a) > groupOf(b) ? 1 : a - b));
  return there.map((index) => listedEntry(view, index));
}

function listedEntry(view: RosterView, index: number): RosterEntry {
  const { server } = view.entries[index]!;
  const state = view.state[index]!;
  const isOpen = view.open[index] === 1;
  return {
    id: server.id,
    state: STATES[state]!,
    // As at GET /v1/servers: a late heartbeat is a suspicion too.
    suspect: view.suspect[index] === 1 || (state === READY && !isOpen),
    sessions: view.sessions[index]!,
    capacity: view.capacity[index]!,
    free: isOpen ? Math.max(view.free[index]!, 0) : 0,
    group: server.group,
    ipv4: server.ipv4 === undefined ? undefined : parseAddress(server.ipv4),
    ipv6: server.ipv6 === undefined ? undefined : parseAddress(server.ipv6),
    ports: namedPorts(server.ports).slice(0, MAX_ENTRY_PORTS),
  };
}
