import { problemResponse } from '../../adapters/http/problem.ts';
import type { HttpRequest, HttpResponse } from '../../adapters/http/types.ts';
import { OnedoorError } from '../../core/errors.ts';
import type { RegistryStore } from '../../core/ports.ts';
import { lastOfPool } from '../../core/registry/last-of-pool.ts';
import type { RosterView } from '../../core/registry/roster.ts';
import type { ActionRequest } from '../wire.ts';
import { badRequest, jsonAnswer, jsonOf } from './json.ts';

export interface SteerDeps {
  readonly view: () => RosterView;
  readonly store: Pick<RegistryStore, 'get' | 'drain'>;
  /** Kills a server, where that may be done; false: there is none of this id. */
  readonly crash?: (id: string) => boolean;
  /** Told of everything that was asked for. */
  readonly onAsked: (text: string) => void;
}

const ACTIONS = ['drain', 'resume', 'crash'] as const;

/** `POST actions`: what an operator may do to a server. 202: its agent will hear of it at its next beat. */
export function createSteering(deps: SteerDeps): (request: HttpRequest) => Promise<HttpResponse> {
  return async (request) => {
    const asked = readAction(jsonOf(request.body));
    if (!asked) return badRequest(`\`action\` must be one of ${ACTIONS.join(', ')} and \`server\` an id`);
    try {
      return await perform(deps, asked);
    } catch (error) {
      if (!(error instanceof OnedoorError)) throw error;
      return problemResponse(error.code, { detail: `${error.message}: nothing may have changed; ask again` });
    }
  };
}

async function perform(deps: SteerDeps, { action, server, knowsItIsLast }: ActionRequest): Promise<HttpResponse> {
  const { view, store, crash, onAsked } = deps;
  const done = (): HttpResponse => {
    onAsked(`${action} of ${server} was asked for here`);
    return jsonAnswer(202, { server });
  };
  if (action === 'crash') {
    if (!crash) return badRequest('servers can be crashed in the local system alone');
    return crash(server) ? done() : noSuchServer(server);
  }
  const now = view();
  const at = now.indexOf.get(server);
  if (at === undefined) return noSuchServer(server);
  const last = action === 'drain' && knowsItIsLast !== true ? lastOfPool(now, at) : undefined;
  if (last !== undefined) return problemResponse('page.last-ready', { detail: last });
  const { key } = now.entries[at]!;
  if (action === 'resume' && (await store.get(key))?.drain !== true) return problemResponse('page.not-asked');
  return (await store.drain(key, action === 'drain')).ok ? done() : noSuchServer(server);
}

function noSuchServer(id: string): HttpResponse {
  return problemResponse('http.not-found', { detail: `no server has the id ${id} any more` });
}

function readAction(value: unknown): ActionRequest | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { action: word, server, knowsItIsLast } = value as Partial<Record<keyof ActionRequest, unknown>>;
  const action = ACTIONS.find((known) => known === word);
  if (!action || typeof server !== 'string') return undefined;
  return { action, server, knowsItIsLast: knowsItIsLast === true };
}
