import { verifierOf } from '../adapters/crypto/verifier.ts';
import { createApi, type RequestRecord } from '../adapters/http/api.ts';
import type { HttpHandler } from '../adapters/http/types.ts';
import type { FunctionLogger } from '../adapters/system/function-logger.ts';
import { createAssigner } from '../core/assign/assigner.ts';
import { createReleaseDesk, type TellLeave } from '../core/assign/release-desk.ts';
import { createSameAnswer } from '../core/assign/same-answer.ts';
import { createWaitLine } from '../core/assign/wait-line.ts';
import type { RuntimeConfig } from '../core/config/runtime-config.ts';
import type { AnswerStore, Clock, RegistryStore, Rng, WatchStore } from '../core/ports.ts';
import { withKnownRosters } from '../core/registry/roster-formats.ts';
import { createRosterReader } from '../core/registry/roster-reader.ts';
import { createPolicy } from '../core/select/create-policy.ts';
import { createSourceLimit } from '../core/source-limit.ts';
import { createReportDesk } from '../core/suspect/reports.ts';
import { createSigningKeys, type SecretKeys } from '../core/ticket/signing-keys.ts';
import { parseAddress } from '../core/wire/address.ts';
import { policies } from '../onedoor.policies.ts';
import type { AssignMetrics } from './assign-metrics.ts';
import { createFreshRoster } from './fresh-roster.ts';
import { createKeySet } from './key-set.ts';

/** The assign function without its surroundings: everything from outside comes in here. */
export function composeApi(deps: {
  readonly config: RuntimeConfig;
  readonly store: Pick<RegistryStore, 'write' | 'get' | 'readRoster' | 'readKeys' | 'suspect'>;
  readonly watch: WatchStore;
  readonly answers: AnswerStore;
  readonly tellLeave: TellLeave;
  readonly keys: SecretKeys;
  /** The keys from the secret as it is now. */
  readonly readKeys: () => Promise<SecretKeys>;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: FunctionLogger;
  /** @default nobody counts */
  readonly metrics?: AssignMetrics;
}): HttpHandler {
  const { config, store, clock, rng, log, metrics } = deps;
  const skipped = (item: object) => log.warn(item, 'an item of the registry was skipped');
  const onError = (what: string) => (err: unknown) => log.warn({ err }, what);
  const signing = createSigningKeys({
    first: deps.keys,
    read: deps.readKeys,
    clock,
    rng,
    onError: onError('the secret cannot be read; going on with the last key'),
    onChange: (kid) => log.info({ kid }, 'another key signs from now on'),
  });
  const { signer } = signing;
  const roster = createRosterReader({
    readRoster: withKnownRosters(store, skipped).readRoster,
    clock,
    freshMs: config.freshMs,
    refreshMs: 0,
  });
  const assigner = createAssigner({
    store,
    roster,
    policy: createPolicy(config.policy, policies),
    signer,
    clock,
    rng,
    iss: config.deployment,
    defaultApp: config.defaultApp,
    groupFallback: config.groupFallback,
    service: { address: parseAddress(config.serviceAddress) as Uint8Array, port: config.probePort },
    timing: config.timing,
    waitLine: createWaitLine({ ...signing, clock }),
    // Follows the demand of this one environment: one that is asked now and then takes nothing ahead.
    stock: true,
    ...(metrics && { onTake: metrics.onTake }),
  });
  const refresh = createFreshRoster({
    reader: {
      ageMs: roster.ageMs,
      refresh() {
        // The assigner wants this about once a second, and so often the roster is read.
        assigner.sweep();
        return roster.refresh();
      },
    },
    clock,
    refreshMs: config.rosterRefreshMs,
    onError: onError('the roster cannot be read; going on with the last one'),
  });
  const publicKeys = createKeySet({
    read: store.readKeys,
    own: signing.publicKey,
    sawSigning: signing.sawSigning,
    clock,
    onError: onError('the public keys cannot be read; going on with the last ones'),
  });
  const tickets = {
    verify: verifierOf(publicKeys),
    iss: config.deployment,
    view: () => assigner.view(),
    clock,
  };
  const reports = createReportDesk({
    ...tickets,
    watch: deps.watch,
    store,
    onSuspect: (serverId) => log.warn({ serverId }, 'clients report that they do not reach this server'),
  });
  const api = createApi({
    assigner,
    same: createSameAnswer({ assigner, store: deps.answers, signer, clock }),
    roster: { view: () => assigner.view(), refresh },
    signer,
    publicKeys,
    releases: createReleaseDesk({ ...tickets, tell: deps.tellLeave }),
    reports,
    // For this environment: how many there are is the deployment's other limit.
    limit: createSourceLimit({ perSecond: config.perSourcePerSecond, clock, rng }),
    keepalive: config.keepalive,
    report: (record) => tellRequest(record, log, metrics),
  });
  return (request) => {
    // Not waited for: an environment that is frozen meanwhile goes on when the next request thaws it.
    void signing.tick();
    return metrics ? metrics.timed(() => api(request)) : api(request);
  };
}

function tellRequest(record: RequestRecord, log: FunctionLogger, metrics: AssignMetrics | undefined): void {
  metrics?.answered(record);
  if (record.err === undefined) log.debug(record, 'answered');
  else log.error(record, 'failed');
}
