import type { NamedServer, SessionAction, SessionShared } from '../../core/session/types.ts';
import { seededRng } from './seeded-rng.ts';
import { SimClient, type SimClientOptions } from './sim-client.ts';
import { type Conditions, SimNetwork } from './sim-network.ts';
import { SimDoor, type SimDoorOptions, SimServer } from './sim-servers.ts';

export interface WorldOptions {
  readonly client?: Partial<SimClientOptions>;
  readonly door?: Partial<SimDoorOptions>;
  /** @default 2 */
  readonly servers?: number;
  readonly seed?: number;
  readonly conditions?: Conditions;
  /** How long `aSession` waits for its server. @default 200 */
  readonly settleMs?: number;
}

/** A door, servers and one client that has just started to ask. */
export function aWorld(options: WorldOptions = {}) {
  const network = new SimNetwork(options.seed ?? 1, options.conditions);
  const servers = Array.from({ length: options.servers ?? 2 }, (_, index) => new SimServer(network, index + 1));
  const door = new SimDoor(network, { servers, ...options.door });
  const client = new SimClient(network, { doors: [door.at], seed: options.seed ?? 1, ...options.client });
  const { resume } = options.client ?? {};
  client.event({ type: 'start', ...(resume && { resume }) });
  const run = (ms: number): void => network.run(network.nowMs + ms);
  const serverOf = ({ id }: NamedServer): SimServer => servers.find((server) => server.id === id)!;
  return { network, servers, door, client, run, serverOf };
}

/** The same a little later: the client has a server, which has answered it. `other` is one that it does not have. */
export function aSession(options: WorldOptions = {}) {
  const world = aWorld(options);
  world.run(options.settleMs ?? 200);
  const { grant } = world.client.all('assigned')[0]!;
  const server = world.serverOf(grant.server);
  return { ...world, grant, server, other: world.servers.find((candidate) => candidate !== server)! };
}

/** Game traffic: `sendEveryMs` from the client, `receiveEveryMs` from its server while that is up. Returns a stop. */
export function play(
  world: { network: SimNetwork; client: SimClient },
  traffic: { sendEveryMs?: number; receiveEveryMs?: number; while?: () => boolean },
): () => void {
  let goesOn = true;
  const every = (ms: number | undefined, run: () => void): void => {
    if (ms === undefined || !goesOn) return;
    run();
    world.network.after(ms, () => every(ms, run));
  };
  every(traffic.sendEveryMs, () => world.client.event({ type: 'sent', count: 1 }));
  every(traffic.receiveEveryMs, () => {
    if (traffic.while?.() ?? true) world.client.event({ type: 'received' });
  });
  return () => {
    goesOn = false;
  };
}

/** What the parts of a machine share, with the actions that they pushed. */
export function aShared(): SessionShared & { readonly actions: SessionAction[] } {
  const actions: SessionAction[] = [];
  let id = 0;
  return {
    options: { client: Uint8Array.of(1, 2, 3, 4), localAddress: {}, http: false, rng: seededRng(1) },
    actions,
    push: (action) => actions.push(action),
    nextId: () => ++id,
    wait: undefined,
    doorPadTo: 800,
  };
}
