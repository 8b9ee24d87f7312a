import { createHttpServer } from '../../adapters/http/server.ts';
import { createMemoryStore } from '../../adapters/memory/registry-store.ts';
import { systemClock } from '../../adapters/system/system-clock.ts';
import { parseRuntimeConfig } from '../../core/config/runtime-config.ts';
import type { Rng } from '../../core/ports.ts';
import { emptyView, READY, type RosterView } from '../../core/registry/roster.ts';
import { createPolicy } from '../../core/select/create-policy.ts';
import { createPage, PAGE_LIMITS, type PageServer } from '../../page/server/page.ts';
import type { DoorFacts } from '../../page/wire.ts';
import { pageAssets } from '../../tools/build-page.ts';
import { aServer } from './builders.ts';
import { seededRng } from './seeded-rng.ts';

const GROUPS = ['eu-west', 'eu-central', 'us-east', 'ap-south'];
const CAPACITY = 64;
const TOKEN = 'the-token-of-this-test';

/** A page on a port of its own that shows servers which are not there: their numbers all change once a second. */
export interface PageFleet {
  readonly url: string;
  readonly page: PageServer;
  readonly view: RosterView;
  stop(): Promise<void>;
}

export async function startPageFleet(size: number, port = 0): Promise<PageFleet> {
  const rng = seededRng(1);
  const view = manyServers(size, rng);
  const counters: Record<string, number> = { assigned: 0, 'dropped.too-short': 0, 'refused.assign.no-capacity': 0 };
  const times: [number, number][] = [100, 200, 400, 1_600].map((us) => [us, 0]);
  const config = parseRuntimeConfig(JSON.stringify({ defaultApp: 'arena' }));
  const page = createPage({
    title: `${size} servers`,
    policy: createPolicy(config.policy),
    config,
    freshMs: config.freshMs,
    assets: await pageAssets(),
    token: TOKEN,
    view: () => view,
    rosterAgeMs: () => 200,
    look: async () => {
      moveAll(view, rng);
      for (const name of Object.keys(counters)) counters[name]! += Math.floor(rng.float() * 300);
      for (const pair of times) pair[1] += Math.floor(rng.float() * 50);
      return doorFacts(view, { ...counters }, times);
    },
    store: createMemoryStore(),
    clock: systemClock,
    rng,
  });
  const server = createHttpServer({ handler: page.handler, ...PAGE_LIMITS });
  const { port: opened } = await server.listen(port, '127.0.0.1');
  const stop = page.start();
  return {
    url: `http://127.0.0.1:${opened}/#token=${TOKEN}`,
    page,
    view,
    async stop() {
      stop();
      await server.close(0);
    },
  };
}

function manyServers(size: number, rng: Rng): RosterView {
  const ids = Array.from({ length: size }, (_, n) => `i-${String(n).padStart(5, '0')}`);
  const view = emptyView(
    ids.map((machine, n) => {
      const group = GROUPS[n % GROUPS.length]!;
      const { key, server } = aServer({ id: `${machine}.0`, group, maxCapacity: CAPACITY });
      return { key, server: { ...server, ipv4: `203.0.${n >> 8}.${n & 255}` } };
    }),
  );
  view.capacity.fill(CAPACITY);
  view.beat.fill(1);
  for (let at = 0; at < size; at++) {
    const isOdd = rng.float() < 0.02;
    view.state[at] = isOdd ? 2 : READY;
    view.open[at] = isOdd || rng.float() < 0.005 ? 0 : 1;
    view.sessions[at] = Math.floor(rng.float() * CAPACITY);
  }
  return view;
}

function moveAll(view: RosterView, rng: Rng): void {
  for (let at = 0; at < view.entries.length; at++) {
    const step = Math.floor(rng.float() * 7) - 3;
    view.sessions[at] = Math.min(CAPACITY - 4, Math.max(0, view.sessions[at]! + step));
    view.free[at] = CAPACITY - view.sessions[at]! - Math.floor(rng.float() * 4);
    view.beat[at]! += 1;
    view.beatAgeMs[at] = rng.float() * 1_000;
  }
}

function doorFacts(view: RosterView, counters: Record<string, number>, times: readonly [number, number][]): DoorFacts {
  return {
    status: 'ok',
    version: '0.0.0',
    rosterVersion: view.beat[0] ?? 0,
    rosterAgeMs: 200,
    rosterDegraded: false,
    servers: view.entries.length,
    openServers: view.open.reduce((sum, open) => sum + open, 0),
    counters,
    answerTimes: times.map(([us, count]) => [us, count]),
  };
}
