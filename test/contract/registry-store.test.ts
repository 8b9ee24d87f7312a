import { describe, expect, it } from 'vitest';
import { createDynamoClient } from '../../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../../adapters/dynamodb/registry-store.ts';
import { createMemoryStore } from '../../adapters/memory/registry-store.ts';
import { createTable, LOCAL_ACCESS, type LocalDynamo, startDynalite } from '../../local/dynalite.ts';
import { startDynamoDbLocal, whyNoDynamoDbLocal } from '../support/dynamodb-local.ts';
import { describeRegistryStore, type Engine } from './registry-store.case.ts';

/** An engine that speaks DynamoDB's API: every store gets a table of its own. */
function dynamoEngine(name: string, start: () => Promise<LocalDynamo>, absent?: string): Engine {
  let running: LocalDynamo | undefined;
  let client: ReturnType<typeof createDynamoClient> | undefined;
  let tables = 0;
  return {
    name,
    absent,
    async start() {
      running = await start();
      client = createDynamoClient({ ...LOCAL_ACCESS, endpoint: running.endpoint });
    },
    async stop() {
      client?.destroy();
      await running?.close();
    },
    async emptyStore() {
      if (!running || !client) throw new Error(`${name} has not been started`);
      const table = `registry-${tables++}`;
      await createTable(running.endpoint, table);
      return createRegistryStore({ client, table, timeoutMs: 10_000 });
    },
  };
}

const ENGINES: readonly Engine[] = [
  { name: 'memory', start: async () => {}, stop: async () => {}, emptyStore: async () => createMemoryStore() },
  dynamoEngine('dynalite', () => startDynalite({ table: 'first' })),
  dynamoEngine('DynamoDBLocal', startDynamoDbLocal, whyNoDynamoDbLocal()),
];

const ran = new Map<string, number>();
for (const engine of ENGINES) describeRegistryStore(engine, ran);

describe('registry store', () => {
  it('runs every case on every engine that can run here', () => {
    const there = ENGINES.filter((engine) => engine.absent === undefined);
    const cases = ran.get('memory');
    expect(cases).toBeGreaterThan(30);
    expect(Object.fromEntries(ran)).toEqual(Object.fromEntries(there.map((engine) => [engine.name, cases])));
  });
});
