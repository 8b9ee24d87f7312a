/**
 * CPU time of whole assignments through the assign function: an event of the load balancer in, its answer with a signed
 * ticket out, the registry in memory. `node bench/handler.ts [--servers n]`. A request may take 120 us, of which the
 * Ed25519 signature, printed beside, is the greatest part. All rounds of one process are printed with their median; the
 * two take turns, so that a slow moment of the machine hits both.
 */
import { parseArgs } from 'node:util';
import { secretKeys } from '../adapters/crypto/secret-keys.ts';
import { type AlbEvent, type AlbResult, fromAlbEvent, toAlbResult } from '../adapters/http/alb-event.ts';
import { createMemoryAnswerStore } from '../adapters/memory/answer-store.ts';
import { createMemoryStore } from '../adapters/memory/registry-store.ts';
import { createMemoryWatchStore } from '../adapters/memory/watch-store.ts';
import { createLogger } from '../adapters/system/logger.ts';
import { systemClock } from '../adapters/system/system-clock.ts';
import { createSystemRng } from '../adapters/system/system-rng.ts';
import { parseRuntimeConfig } from '../core/config/runtime-config.ts';
import { composeApi } from '../lambda/compose-assign.ts';
import { cpuNsPerCall, machine, median, roundsLine } from './cpu.ts';
import { atMost } from './figure.ts';
import { fillReadyRegistry } from './ready-registry.ts';

const ROUNDS = 9;
/** Few enough for all rounds to end within 15 s on a busy machine: nobody beats here, and then the roster is old. */
const REQUESTS = 1_000;
const NS_PER_US = 1_000;
/** About what a ticket's header and claims have. */
const SIGNED_BYTES = 330;

/** As a load balancer sends it: the headers of a game client, the body of a usual request. */
function anEvent(client: number): AlbEvent {
  return {
    requestContext: {
      elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/f/6d0e' },
    },
    httpMethod: 'POST',
    path: '/v1/assignments',
    multiValueQueryStringParameters: {},
    multiValueHeaders: {
      accept: ['*/*'],
      'accept-encoding': ['gzip, deflate'],
      'accept-language': ['*'],
      connection: ['keep-alive'],
      'content-length': ['61'],
      'content-type': ['application/json'],
      host: ['door.example.com'],
      'user-agent': ['node'],
      'x-amzn-trace-id': ['Root=1-67891233-abcdef012345678912345678'],
      // Each from its own address: one alone is served so many requests a second.
      'x-forwarded-for': [`203.0.${(client >> 8) & 255}.${client & 255}`],
      'x-forwarded-port': ['443'],
      'x-forwarded-proto': ['https'],
    },
    body: JSON.stringify({ app: 'arena', group: 'eu-central', client: `player-${client}` }),
    isBase64Encoded: false,
  };
}

/** CPU nanoseconds of one request, over REQUESTS one after the other. */
async function cpuNsPerRequest(handler: (event: AlbEvent) => Promise<AlbResult>, events: readonly AlbEvent[]) {
  const before = process.cpuUsage();
  for (let n = 0; n < REQUESTS; n++) {
    const { statusCode } = await handler(events[n % events.length]!);
    if (statusCode !== 201) throw new Error(`a request was answered with ${statusCode}`);
  }
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * NS_PER_US) / REQUESTS;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { servers: { type: 'string', default: '1000' } } });
  const servers = Number(values.servers);
  const store = createMemoryStore();
  await fillReadyRegistry(store, servers);
  const keys = secretKeys(new Uint8Array(48).fill(7));
  const api = composeApi({
    config: parseRuntimeConfig('{"deployment":"bench","defaultApp":"arena","perSourcePerSecond":0}'),
    store,
    watch: createMemoryWatchStore(),
    answers: createMemoryAnswerStore(),
    tellLeave: async () => true,
    keys,
    readKeys: async () => keys,
    clock: systemClock,
    rng: createSystemRng(),
    log: createLogger({ level: 'warn' }),
  });
  const handler = async (event: AlbEvent) => toAlbResult(event, await api(fromAlbEvent(event)));
  const events = Array.from({ length: 256 }, (_, client) => anEvent(client));
  const signed = new Uint8Array(SIGNED_BYTES).fill(65);
  const sign = () => keys.signer.sign(signed).length;
  await cpuNsPerRequest(handler, events);
  cpuNsPerCall(REQUESTS, sign);
  const whole: number[] = [];
  const signature: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    whole.push(await cpuNsPerRequest(handler, events));
    signature.push(cpuNsPerCall(REQUESTS, sign));
  }
  console.log(`${machine()}; CPU us, ${ROUNDS} rounds of ${REQUESTS}, ${servers} servers`);
  console.log(roundsLine('assignment, event to answer', whole, NS_PER_US));
  console.log(roundsLine('its signature alone', signature, NS_PER_US));
  atMost('assignment through the handler, in memory, signed ticket, CPU', 120, median(whole) / NS_PER_US, 'us');
}

await main();
