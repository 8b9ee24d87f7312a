import type { HttpRequest, HttpResponse } from '../../adapters/http/types.ts';
import { explainChoice } from '../../core/assign/explain-choice.ts';
import type { PlacingOptions } from '../../core/assign/placing.ts';
import type { AssignRequest } from '../../core/assign/types.ts';
import type { RuntimeConfig } from '../../core/config/runtime-config.ts';
import type { Rng } from '../../core/ports.ts';
import type { RosterView } from '../../core/registry/roster.ts';
import type { Policy } from '../../core/select/policy.ts';
import { parseAddress } from '../../core/wire/address.ts';
import type { ExplainAnswer, ExplainRequest } from '../wire.ts';
import { badRequest, jsonAnswer, jsonOf } from './json.ts';

export interface ExplainDeps {
  /** One of its own: what it counts must not move the turns of those that answer clients. */
  readonly policy: Policy;
  readonly config: Pick<RuntimeConfig, 'defaultApp' | 'groupFallback' | 'serviceAddress' | 'probePort'>;
  readonly view: () => RosterView;
  readonly rosterAgeMs: () => number;
  readonly rng: Rng;
}

const MAX_CLIENT_BYTES = 32;
const UDP = 17;
const NOWHERE = { address: new Uint8Array(4), port: 0, protocol: UDP } as const;

/** `POST explain`: which server a client would get now. Takes no seat. */
export function createExplainDesk(deps: ExplainDeps): (request: HttpRequest) => HttpResponse {
  const { policy, config, view, rosterAgeMs, rng } = deps;
  const service = { address: parseAddress(config.serviceAddress) ?? new Uint8Array(4), port: config.probePort };
  const options: PlacingOptions & { service: typeof service; rng: Rng } = {
    policy,
    defaultApp: config.defaultApp,
    groupFallback: config.groupFallback,
    service,
    rng,
  };
  return (request) => {
    const asked = readQuestion(jsonOf(request.body));
    if (!asked) return badRequest('`client` and `app` must be texts, `world` and `group` too where they are there');
    if (Buffer.byteLength(asked.client) > MAX_CLIENT_BYTES) {
      return badRequest(
        `\`client\` must have at most ${MAX_CLIENT_BYTES} bytes, got: ${Buffer.byteLength(asked.client)}`,
      );
    }
    const now = view();
    const explained = explainChoice(options, now, toRequest(asked, now));
    const ageMs = rosterAgeMs();
    const answer: ExplainAnswer = {
      ...explained,
      rosterVersion: now.version,
      rosterAgeMs: Number.isFinite(ageMs) ? Math.round(ageMs) : null,
    };
    return jsonAnswer(200, answer);
  };
}

function readQuestion(value: unknown): ExplainRequest | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { client = '', app, world, group } = value as Partial<Record<keyof ExplainRequest, unknown>>;
  const isTextOrNone = (part: unknown): part is string | undefined => part === undefined || typeof part === 'string';
  if (typeof client !== 'string' || typeof app !== 'string' || !isTextOrNone(world) || !isTextOrNone(group)) {
    return undefined;
  }
  return { client, app, ...(world && { world }), ...(group && { group }) };
}

function toRequest({ client, app, world, group }: ExplainRequest, view: RosterView): AssignRequest {
  const hasIpv4 = view.entries.some(({ server }) => server.app === app && server.ipv4 !== undefined);
  const source = sourceOf(client);
  return {
    app,
    ...(world !== undefined && { world }),
    ...(group !== undefined && { group }),
    ...(!source && client !== '' && { client: new TextEncoder().encode(client) }),
    family: hasIpv4 || view.entries.length === 0 ? 4 : 6,
    avoid: [],
    source: source ?? NOWHERE,
  };
}

/** The source that a text like `203.0.113.9:5000` or `[2001:db8::1]:5000` names. */
function sourceOf(text: string): AssignRequest['source'] | undefined {
  const match = /^(?:\[(.+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text);
  const address = match && parseAddress(match[1] ?? match[2] ?? '');
  return address ? { address, port: Number(match?.[3] ?? 0), protocol: UDP } : undefined;
}
