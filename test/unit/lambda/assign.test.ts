import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createDynamoClient } from '../../../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../../../adapters/dynamodb/registry-store.ts';
import { type AlbEvent, type AlbResult, fromAlbResult, toAlbEvent } from '../../../adapters/http/alb-event.ts';
import type { AssignmentAnswer, RosterAnswer } from '../../../adapters/http/schemas.ts';
import type { HttpRequest } from '../../../adapters/http/types.ts';
import type { RegistryStore } from '../../../core/ports.ts';
import { createRosterWriter } from '../../../core/registry/roster-pass.ts';
import { LOCAL_ACCESS, type LocalDynamo, startDynalite } from '../../../local/dynalite.ts';
import { bodyOf } from '../../support/api-bench.ts';
import { aServer } from '../../support/builders.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { plantTree } from '../../support/temp-tree.ts';

const TABLE = 'registry';
let engine: LocalDynamo;
let store: RegistryStore;

beforeAll(async () => {
  engine = await startDynalite({ table: TABLE });
  store = createRegistryStore({
    client: createDynamoClient({ ...LOCAL_ACCESS, endpoint: engine.endpoint }),
    table: TABLE,
  });
  const { key, server } = aServer({ capacity: 2 });
  const gen = '00000000000000a1';
  await store.write(key, { kind: 'create', gen, nowMs: 1_000 });
  await store.place(key, server);
  const counts = { hb: 0, sessions: 0, capacity: 2, state: 'ready' } as const;
  const writer = createRosterWriter({ store, clock: fakeClock() });
  // A server counts as alive once its beat was seen to move.
  for (const beat of [1_000, 1_001]) {
    await store.write(key, { kind: 'beat', gen, beat, addFree: 1, ...counts });
    await writer.pass();
  }
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await engine.close();
});

/** The function as Lambda makes it: a fresh module in this environment. */
async function aFunction(env: Readonly<Record<string, string>> = {}) {
  const dir = plantTree({ secret: 'a secret of thirty-two characters' });
  chmodSync(join(dir, 'secret'), 0o600);
  const all = {
    AWS_REGION: LOCAL_ACCESS.region,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: engine.endpoint,
    ONEDOOR_TABLE: TABLE,
    ONEDOOR_KEY_SECRET: `file:${join(dir, 'secret')}`,
    ONEDOOR_CONFIG: JSON.stringify({ deployment: 'trial', defaultApp: 'arena', logLevel: 'error' }),
    ...env,
  };
  for (const [name, value] of Object.entries(all)) vi.stubEnv(name, value);
  vi.resetModules();
  const { handler } = (await import('../../../lambda/assign.ts')) as {
    handler: (event: AlbEvent) => Promise<AlbResult>;
  };
  return async (request: Partial<HttpRequest>) =>
    fromAlbResult(
      await handler(toAlbEvent({ method: 'GET', path: '/', headers: {}, sourceAddress: '198.51.100.7', ...request })),
    );
}

describe('the assign function', () => {
  it('takes seats from the registry until there are no more', async () => {
    const ask = await aFunction();
    const assign = () => ask({ method: 'POST', path: '/v1/assignments', body: '{"client":"one"}' });

    const answers = [await assign(), await assign(), await assign()];

    expect(answers.map(({ status }) => status)).toEqual([201, 201, 503]);
    const [first, second] = answers.map((answer) => bodyOf<AssignmentAnswer>(answer));
    expect(first?.server.id).toBe('i-a.0');
    expect(second?.id).not.toBe(first?.id);
    expect((await store.list())[0]?.seats).toMatchObject({ free: 0, issued: 1_002 });
  });

  it('answers from the packed roster', async () => {
    const ask = await aFunction();

    const response = await ask({ path: '/v1/servers', query: { app: ['arena'] } });

    expect(bodyOf<RosterAnswer>(response).servers).toMatchObject([{ id: 'i-a.0', capacity: 2 }]);
  });

  it('publishes its key and those of the registry', async () => {
    const ask = await aFunction();
    await store.writeKeys([{ kid: 'next-key', x: 'A' }]);

    const { keys } = bodyOf<{ keys: { kid: string }[] }>(await ask({ path: '/.well-known/jwks.json' }));

    expect(keys).toHaveLength(2);
    expect(keys[1]).toMatchObject({ kid: 'next-key' });
  });

  it('answers 503 while it cannot have its secret, and recovers', async () => {
    const dir = plantTree({});
    const secret = join(dir, 'secret');
    const ask = await aFunction({
      ONEDOOR_KEY_SECRET: `file:${secret}`,
      ONEDOOR_CONFIG: '{"defaultApp":"arena","logLevel":"error"}',
    });

    const before = await ask({ path: '/healthz' });
    writeFileSync(secret, 'a secret of thirty-two characters', { mode: 0o600 });
    const after = await ask({ path: '/healthz' });

    expect(bodyOf(before)).toMatchObject({ status: 503, code: 'assign.unavailable' });
    expect(after.status).toBe(200);
  });

  it('does not start with a setting that is wrong', async () => {
    await expect(aFunction({ ONEDOOR_CONFIG: '{"policy":"best"}' })).rejects.toThrow('`policy` must be one of');
  });
});
