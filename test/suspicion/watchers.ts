import { TICK_MS } from '../../core/suspect/detector.ts';
import { createProber, type Prober } from '../../core/suspect/prober.ts';
import type { World } from '../outage/world.ts';
import { seededRng } from '../support/seeded-rng.ts';

const SWEEP_MS = 1_000;
const FROM = { address: Uint8Array.of(198, 51, 100, 200), port: 50_000 };

/** What the probers of all gateways said, in order. */
export interface Said {
  readonly atMs: number;
  readonly id: string;
  readonly suspect: boolean;
}

/** Lets each gateway of a world watch the servers, as `door/main.ts` does. */
export function watchServers(world: World): { readonly said: readonly Said[]; readonly probers: readonly Prober[] } {
  const { time, plane, config, options } = world;
  const said: Said[] = [];
  const probers = plane.gateways.map((gateway, n) => {
    const prober = createProber({
      roster: () => gateway.door.roster.view(),
      closed: { close: (id) => gateway.door.closed.close(id), reopen: (id) => gateway.door.closed.reopen(id) },
      store: plane.link().store,
      watch: plane.watch,
      send(bytes, address, port) {
        const to = { address: Uint8Array.from(address.split('.'), Number), port };
        time.carryDatagram(() => {
          const server = time.listener(to);
          if (server?.state !== 'up') return;
          server.take(bytes, FROM, 'udp', (answer) =>
            time.carryDatagram(() => prober.packet(answer, { address, port, protocol: 17 })),
          );
        });
      },
      type: config.packetType,
      clock: world.clock('gateway'),
      rng: seededRng(options.seed + 700 + n),
      counters: { count() {} },
      onError() {},
      onVerdict: (id, suspect) => said.push({ atMs: time.nowMs, id, suspect }),
      onDegraded() {},
    });
    const every = (ms: number, run: () => void): void => {
      if (gateway.state === 'up') run();
      time.after(ms, () => every(ms, run));
    };
    every(SWEEP_MS, () => prober.sweep());
    every(TICK_MS, () => prober.tick());
    return prober;
  });
  return { said, probers };
}
