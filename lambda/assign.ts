/** Assigns clients to servers over HTTP, behind an Application Load Balancer. */
import { secretKeys } from '../adapters/crypto/secret-keys.ts';
import { createAnswerStore } from '../adapters/dynamodb/answer-store.ts';
import { createDynamoClient } from '../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../adapters/dynamodb/registry-store.ts';
import { tellFailures } from '../adapters/dynamodb/tell-failures.ts';
import { createWatchStore } from '../adapters/dynamodb/watch-store.ts';
import { type AlbEvent, type AlbResult, fromAlbEvent, toAlbResult } from '../adapters/http/alb-event.ts';
import { problemResponse } from '../adapters/http/problem.ts';
import type { HttpHandler } from '../adapters/http/types.ts';
import { loadSecret } from '../adapters/secrets/load-secret.ts';
import { createFunctionLogger } from '../adapters/system/function-logger.ts';
import { systemClock as clock } from '../adapters/system/system-clock.ts';
import { createSystemRng } from '../adapters/system/system-rng.ts';
import { createTellLeave } from '../adapters/udp/tell-leave.ts';
import { parseRuntimeConfig, probePortTest } from '../core/config/runtime-config.ts';
import { createAssignMetrics } from './assign-metrics.ts';
import { composeApi } from './compose-assign.ts';

const { ONEDOOR_TABLE: table = '', ONEDOOR_KEY_SECRET: keySecret = '', ONEDOOR_CONFIG: settings } = process.env;
const config = parseRuntimeConfig(settings);
const log = createFunctionLogger({ level: config.logLevel, base: { service: 'assign' } });
let starting: Promise<HttpHandler> | undefined;

async function start(): Promise<HttpHandler> {
  const onMalformed = (row: object) => log.warn(row, 'a row cannot be read and is skipped');
  const { deployment } = config;
  const metrics = createAssignMetrics({ deployment, clock, write: (line) => void process.stdout.write(line) });
  const client = tellFailures(createDynamoClient(), metrics.failed);
  const store = createRegistryStore({ client, table, onMalformed });
  const watch = createWatchStore({ client, table });
  const answers = createAnswerStore({ client, table });
  const readKeys = async () => secretKeys(await loadSecret(keySecret));
  const keys = await readKeys();
  const rng = createSystemRng();
  const tellLeave = createTellLeave({ rng, type: config.packetType, isProbePort: probePortTest(config) });
  return composeApi({ config, store, watch, answers, tellLeave, keys, readKeys, clock, rng, log, metrics });
}

/** The API, made once. While it cannot be made, requests get 503, and each one tries again. */
async function ready(): Promise<HttpHandler> {
  starting ??= start();
  try {
    return await starting;
  } catch (err) {
    starting = undefined;
    log.error({ err }, 'the function cannot start');
    return () => problemResponse('assign.unavailable', { retryAfterMs: 1_000 });
  }
}

// While an environment is made, Lambda gives it full CPU and counts no request's time.
if (table !== '') void ready();

export async function handler(event: AlbEvent): Promise<AlbResult> {
  const api = await ready();
  return toAlbResult(event, await api(fromAlbEvent(event)));
}
