import { createHttpServer } from '../adapters/http/server.ts';
import type { HttpHandler } from '../adapters/http/types.ts';
import { loadApiToken } from '../adapters/system/api-token.ts';
import type { AssignOutcome, AssignRequest } from '../core/assign/types.ts';
import type { Clock, RegistryStore, Rng } from '../core/ports.ts';
import { createPolicy } from '../core/select/create-policy.ts';
import { policies } from '../onedoor.policies.ts';
import { bundledAssets } from '../page/server/assets.ts';
import { createPage, PAGE_LIMITS } from '../page/server/page.ts';
import type { DoorFacts } from '../page/wire.ts';
import type { Door } from './compose.ts';
import type { DoorOptions } from './options.ts';

/** The page for operators, on this machine's loopback: whoever sees it came in by a tunnel. */
export interface DoorPage {
  readonly port: number;
  readonly onOutcome: (request: AssignRequest, outcome: AssignOutcome) => void;
  stop(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';
const NO_ASSETS = { html: 'The page is in the built program alone: npm run build.', js: '', css: '' };

export interface DoorPageDeps {
  readonly options: Pick<DoorOptions, 'config'> & NonNullable<DoorOptions['page']>;
  readonly door: Pick<Door, 'view' | 'roster'>;
  /** The handler of the health port. */
  readonly health: HttpHandler;
  readonly store: Pick<RegistryStore, 'get' | 'drain'>;
  readonly name: string;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly onError: (error: unknown) => void;
}

/** Opens the page's port. Rejects with ConfigError if it cannot be had, or the token's file is open to others. */
export async function openDoorPage(deps: DoorPageDeps): Promise<DoorPage> {
  const { options, door, health, store, clock, rng, onError } = deps;
  const { config, port, tokenFile } = options;
  const page = createPage({
    title: deps.name,
    policy: createPolicy(config.policy, policies),
    config,
    freshMs: config.freshMs,
    assets: bundledAssets() ?? NO_ASSETS,
    token: loadApiToken(tokenFile),
    view: door.view,
    rosterAgeMs: () => door.roster.ageMs(),
    look: async () => {
      const { body } = await health({ method: 'GET', path: '/healthz', headers: {}, sourceAddress: LOOPBACK });
      return JSON.parse(String(body)) as DoorFacts;
    },
    store,
    clock,
    rng,
  });
  const server = createHttpServer({ handler: page.handler, onError, ...PAGE_LIMITS });
  const opened = await server.listen(port, LOOPBACK);
  const stopTicking = page.start();
  return {
    port: opened.port,
    onOutcome: (request, outcome) => tellOutcome(page.tell, request, outcome),
    async stop() {
      stopTicking();
      await server.close(0);
    },
  };
}

function tellOutcome(
  tell: ReturnType<typeof createPage>['tell'],
  { client, avoid }: AssignRequest,
  outcome: AssignOutcome,
): void {
  const lost = avoid.at(-1);
  if (!outcome.ok) tell('refused', () => `${nameOf(client)} refused: ${outcome.code}`);
  else if (lost === undefined) tell('assigned', () => `${nameOf(client)} assigned to ${outcome.server.id}`);
  else tell('reassigned', () => `${nameOf(client)} lost ${lost}, moved to ${outcome.server.id}`);
}

/** Most clients are names; the bytes of others are shown as digits. */
function nameOf(client: Uint8Array | undefined): string {
  if (!client) return 'a client without a name';
  const text = new TextDecoder().decode(client);
  return /^[\p{L}\p{N}\p{P}\p{S} ]+$/u.test(text) && !text.includes('\uFFFD')
    ? text
    : Buffer.from(client).toString('hex');
}
