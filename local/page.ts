import { randomBytes } from 'node:crypto';
import { systemClock } from '../adapters/system/system-clock.ts';
import { createSystemRng } from '../adapters/system/system-rng.ts';
import { parseRuntimeConfig } from '../core/config/runtime-config.ts';
import type { RegistryStore } from '../core/ports.ts';
import { createRosterReader } from '../core/registry/roster-reader.ts';
import { createPolicy } from '../core/select/create-policy.ts';
import { policies } from '../onedoor.policies.ts';
import { readAssets } from '../page/server/assets.ts';
import { createPage, type PageServer } from '../page/server/page.ts';
import type { DoorFacts, EventKind } from '../page/wire.ts';
import { describeEvent, type LocalEvent } from './events.ts';
import type { Machine } from './fleet.ts';
import type { LocalOptions } from './options.ts';
import { localConfig } from './settings.ts';

export interface LocalPage extends Pick<PageServer, 'handler' | 'start'> {
  /** Serves the files that are in `distDir` now. */
  readonly renew: () => void;
  /** What who acts must show; it stands behind `#` in the address. */
  readonly token: string;
  readonly tell: (event: LocalEvent) => void;
}

const TOKEN_BYTES = 16;
/** Less than the time between two looks. */
const HEALTH_TIMEOUT_MS = 900;
const KINDS: Partial<Record<LocalEvent['event'], EventKind>> = {
  assigned: 'assigned',
  lost: 'lost',
  reassigned: 'reassigned',
  left: 'left',
  refused: 'refused',
  drained: 'state',
  exited: 'state',
};

/** The page of the local system: the same as a gateway's, and servers may be crashed. */
export function createLocalPage(deps: {
  readonly options: LocalOptions;
  readonly distDir: string;
  readonly store: RegistryStore;
  readonly machines: () => readonly Machine[];
  /** Health of the door, or of the first of several; undefined until it is started. */
  readonly healthUrl: () => string | undefined;
}): LocalPage {
  const { options, store, machines, healthUrl } = deps;
  const config = parseRuntimeConfig(localConfig(options));
  const { freshMs, rosterRefreshMs: refreshMs } = config;
  const clock = systemClock;
  const roster = createRosterReader({ readRoster: store.readRoster, clock, freshMs, refreshMs });
  const token = options.pageToken ?? randomBytes(TOKEN_BYTES).toString('base64url');
  const page = createPage({
    title: 'on this machine',
    policy: createPolicy(config.policy, policies),
    config,
    freshMs,
    assets: readAssets(deps.distDir),
    token,
    view: roster.view,
    rosterAgeMs: roster.ageMs,
    async look() {
      // While the registry does not answer, the last picture stays.
      await roster.refresh().catch(() => {});
      return readHealth(healthUrl());
    },
    store,
    crash(id) {
      const machine = machines().find(({ serverId }) => serverId === id);
      machine?.agent.kill('SIGKILL');
      machine?.game.kill('SIGKILL');
      return machine !== undefined;
    },
    clock,
    rng: createSystemRng(),
  });
  return {
    handler: page.handler,
    start: page.start,
    renew: () => page.replace(readAssets(deps.distDir)),
    token,
    tell: (event) => page.tell(KINDS[event.event] ?? 'other', () => describeEvent(event)),
  };
}

async function readHealth(url: string | undefined): Promise<DoorFacts | undefined> {
  if (url === undefined) return undefined;
  try {
    return (await (await fetch(url, { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) })).json()) as DoorFacts;
  } catch {
    return undefined;
  }
}
