import type { Pool, RosterView, ServerStatus } from '../../core/registry/roster.ts';
import type { Placement } from '../../core/registry/row.ts';
import type { PickQuery } from '../../core/select/policy.ts';
import { buildView, type ListedServer } from './build-view.ts';
import { seededRng } from './seeded-rng.ts';

/** Age at which a roster entry is stale in views made here, unless the test says otherwise. */
const FRESH_MS = 15_000;

type ServerOptions = Partial<Omit<Placement, 'ipv4'>> &
  Partial<ServerStatus> & {
    readonly key?: string /** undefined: has no IPv4 address */;
    readonly ipv4?: string | undefined;
  };

/** A verified, ready, empty server of 10 seats; say only what the test is about: `aServer({ id: 'b.0', free: 3 })`. */
export function aServer(options: ServerOptions = {}): ListedServer {
  const id = options.id ?? 'i-a.0';
  const slot = Number(id.slice(id.lastIndexOf('.') + 1)) || 0;
  const capacity = options.capacity ?? 10;
  const server: Placement = {
    id,
    ...('ipv4' in options ? {} : { ipv4: '203.0.113.7' }),
    ports: { game: 27_000 + slot, probe: 7_000 + slot },
    zone: 'eu-central-1a',
    app: 'arena',
    world: 'w1',
    group: 'g1',
    labels: {},
    maxCapacity: options.maxCapacity ?? capacity,
    ...onlyDefined(options, ['ipv4', 'ipv6', 'ports', 'zone', 'app', 'world', 'group', 'labels']),
  };
  const status: ServerStatus = {
    gen: options.gen ?? '00000000000000a1',
    free: options.free ?? capacity,
    capacity,
    sessions: options.sessions ?? capacity - (options.free ?? capacity),
    state: options.state ?? 'ready',
    suspect: options.suspect ?? false,
    beat: options.beat ?? 1,
    beatAgeMs: options.beatAgeMs ?? 0,
  };
  return { key: options.key ?? `SRV#AROAEXAMPLE:${id.slice(0, id.lastIndexOf('.'))}#${slot}`, server, status };
}

/** `count` servers `s-00000.0`, `s-00001.0`, ...: the same but for what `options` says of the n-th. */
export function servers(count: number, options: (index: number) => ServerOptions = () => ({})): ListedServer[] {
  return Array.from({ length: count }, (_, index) =>
    aServer({ id: `s-${String(index).padStart(5, '0')}.0`, ...options(index) }),
  );
}

export function aView(entries: readonly ListedServer[] = [aServer()], version = 1): RosterView {
  return buildView(entries, version, FRESH_MS);
}

/** All servers of a view as one pool. */
export function aPool(entries: readonly ListedServer[] = [aServer()]): Pool {
  const view = aView(entries);
  return { view, members: Int32Array.from(view.entries.keys()) };
}

/** Says of the server at `index` of a view that it may be given out, or not. */
export function setOpen({ open, listed }: RosterView, index: number, isOpen: boolean): void {
  open[index] = listed[index] = isOpen ? 1 : 0;
}

/** The query of the client `client` from 198.51.100.1:40000, with a seeded rng unless one is given. */
export function aQuery(
  options: Partial<Omit<PickQuery, 'client'>> & { readonly client?: string | Uint8Array } = {},
): PickQuery {
  const { client = 'client-1', ...rest } = options;
  return {
    source: { address: Uint8Array.of(198, 51, 100, 1), port: 40_000, protocol: 17 },
    service: { address: Uint8Array.of(192, 0, 2, 1), port: 7_000 },
    rng: seededRng(1),
    ...rest,
    client: typeof client === 'string' ? new TextEncoder().encode(client) : client,
  };
}

type Defined<T, K extends keyof T> = { [P in K]?: Exclude<T[P], undefined> };

function onlyDefined<T extends object, K extends keyof T>(from: T, keys: readonly K[]): Defined<T, K> {
  return Object.fromEntries(keys.filter((key) => from[key] !== undefined).map((key) => [key, from[key]])) as Defined<
    T,
    K
  >;
}
