import { createApi, type RequestRecord } from '../adapters/http/api.ts';
import type { HttpHandler } from '../adapters/http/types.ts';
import type { createLogger } from '../adapters/system/logger.ts';
import { createAssigner } from '../core/assign/assigner.ts';
import type { RuntimeConfig } from '../core/config/runtime-config.ts';
import type { Clock, PublicKey, RegistryStore, Rng, Signer } from '../core/ports.ts';
import { createRosterReader } from '../core/registry/roster-reader.ts';
import { createPolicy } from '../core/select/create-policy.ts';
import { parseAddress } from '../core/wire/address.ts';
import { createFreshRoster } from './fresh-roster.ts';
import { createKeySet } from './key-set.ts';

/** The assign function without its surroundings: everything from outside comes in here. */
export function composeApi(deps: {
  readonly config: RuntimeConfig;
  readonly store: Pick<RegistryStore, 'write' | 'get' | 'readRoster' | 'readKeys'>;
  readonly keys: { readonly signer: Signer; readonly publicKey: PublicKey };
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Pick<ReturnType<typeof createLogger>, 'debug' | 'warn' | 'error'>;
}): HttpHandler {
  const { config, store, clock, rng, log } = deps;
  const { signer, publicKey } = deps.keys;
  const roster = createRosterReader({
    readRoster: store.readRoster,
    clock,
    freshMs: config.freshMs,
    refreshMs: 0,
  });
  const assigner = createAssigner({
    store,
    roster,
    policy: createPolicy(config.policy),
    signer,
    clock,
    rng,
    iss: config.deployment,
    defaultApp: config.defaultApp,
    groupFallback: config.groupFallback,
    service: { address: parseAddress(config.serviceAddress) as Uint8Array, port: config.probePort },
    timing: config.timing,
    // An environment may be frozen for minutes between two requests: seats taken ahead would only expire.
    stock: false,
  });
  const onError = (what: string) => (err: unknown) => log.warn({ err }, what);
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
    own: publicKey,
    clock,
    onError: onError('the public keys cannot be read; going on with the last ones'),
  });
  const report = (record: RequestRecord): void => {
    if (record.err === undefined) log.debug(record, 'answered');
    else log.error(record, 'failed');
  };
  return createApi({
    assigner,
    roster: { view: () => assigner.view(), refresh },
    signer,
    publicKeys,
    keepalive: config.keepalive,
    report,
  });
}
