import type { RosterServer } from './http-answers.ts';

/**
 * How the client chooses: by a word, or by a function of its own. The function gets all servers that are not to be
 * avoided, with their status, and gives ids, best first: one, several, or none.
 */
export type Choose = 'fewest-users' | 'latency' | 'random' | ChooseFunction;
export type ChooseFunction = (
  servers: readonly RosterServer[],
) => string | readonly string[] | undefined | Promise<string | readonly string[] | undefined>;

export interface ChooseOptions {
  readonly choose: Choose;
  /** Servers of this group come first. */
  readonly group?: string | undefined;
  /** Ids of servers that this client lost. */
  readonly avoid: readonly string[];
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Round trips to these servers in ms by id; absent where there is no way to measure. */
  readonly measure?: (servers: readonly RosterServer[]) => Promise<ReadonlyMap<string, number>>;
}

/** The candidates are the beacons: no more of them are pinged. */
const MAX_PINGED = 4;
/** Each refused candidate costs a request to the door. */
const MAX_CANDIDATES = 8;

/** Servers to ask the door for, best first; empty if there is none that takes clients. */
export async function chooseServers(
  all: readonly RosterServer[],
  options: ChooseOptions,
): Promise<readonly RosterServer[]> {
  const servers = all.filter(({ id }) => !options.avoid.includes(id));
  const { choose, measure } = options;
  if (typeof choose === 'function') return byFunction(servers, choose);
  const open = servers.filter(({ status, free }) => status === 'ready' && free > 0);
  const ranked = rank(open, options, (server) => (choose === 'random' ? 0 : server.sessions));
  const best = ranked.slice(0, MAX_CANDIDATES);
  if (choose !== 'latency' || !measure) return best;
  const pinged = best.slice(0, MAX_PINGED);
  const times = await measure(pinged);
  const measured = pinged.map((server) => {
    const latencyMs = times.get(server.id);
    return latencyMs === undefined ? server : { ...server, latencyMs };
  });
  const far = ({ latencyMs = Number.POSITIVE_INFINITY }: RosterServer): number => latencyMs;
  // Who did not answer comes last: perhaps only pings are blocked.
  return [...measured.sort((a, b) => (far(a) < far(b) ? -1 : far(a) > far(b) ? 1 : 0)), ...best.slice(MAX_PINGED)];
}

async function byFunction(servers: readonly RosterServer[], choose: ChooseFunction): Promise<readonly RosterServer[]> {
  const chosen = await choose(servers);
  const ids = chosen === undefined ? [] : typeof chosen === 'string' ? [chosen] : chosen;
  return ids.flatMap((id) => servers.find((server) => server.id === id) ?? []).slice(0, MAX_CANDIDATES);
}

/** The preferred group first, then by `costOf`; equal ones in random order, or a crowd would go to the same server. */
function rank(
  servers: readonly RosterServer[],
  { group, random }: ChooseOptions,
  costOf: (server: RosterServer) => number,
): RosterServer[] {
  return servers
    .map((server) => ({ server, away: group !== undefined && server.group !== group ? 1 : 0, draw: random() }))
    .sort((a, b) => a.away - b.away || costOf(a.server) - costOf(b.server) || a.draw - b.draw)
    .map(({ server }) => server);
}
