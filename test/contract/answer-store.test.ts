import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAnswerStore } from '../../adapters/dynamodb/answer-store.ts';
import { createDynamoClient } from '../../adapters/dynamodb/client.ts';
import { createMemoryAnswerStore } from '../../adapters/memory/answer-store.ts';
import type { AnswerStore } from '../../core/ports.ts';
import { createTable, LOCAL_ACCESS, type LocalDynamo, startDynalite } from '../../local/dynalite.ts';
import { startDynamoDbLocal, whyNoDynamoDbLocal } from '../support/dynamodb-local.ts';

const NOW_MS = 1_767_225_600_000;

interface Engine {
  readonly name: string;
  readonly start?: () => Promise<LocalDynamo>;
  readonly absent?: string | undefined;
}

const ENGINES: readonly Engine[] = [
  { name: 'memory' },
  { name: 'dynalite', start: () => startDynalite({ table: 'first' }) },
  { name: 'DynamoDBLocal', start: startDynamoDbLocal, absent: whyNoDynamoDbLocal() },
];

describe.each(ENGINES)('answers on $name', ({ name, start, absent }) => {
  let running: LocalDynamo | undefined;
  let client: ReturnType<typeof createDynamoClient> | undefined;
  let table = '';
  let tables = 0;

  beforeAll(async () => {
    if (absent !== undefined) return;
    running = await start?.();
    if (running) client = createDynamoClient({ ...LOCAL_ACCESS, endpoint: running.endpoint });
  }, 60_000);
  afterAll(async () => {
    client?.destroy();
    await running?.close();
  });

  async function open(): Promise<AnswerStore> {
    if (!running || !client) return createMemoryAnswerStore();
    table = `answers-${tables++}`;
    await createTable(running.endpoint, table);
    return createAnswerStore({ client, table, timeoutMs: 10_000 });
  }

  const answer = (text: string, untilMs = NOW_MS + 300_000) => ({ asked: `asked ${text}`, text, untilMs });

  it.skipIf(absent !== undefined)('are found again by their key, and under no other one', async () => {
    const store = await open();
    expect(await store.find('k')).toBeUndefined();
    expect(await store.keep('k', answer('one'), NOW_MS)).toEqual(answer('one'));
    expect(await store.find('k')).toEqual(answer('one'));
    expect(await store.find('K')).toBeUndefined();
  });

  it.skipIf(absent !== undefined)(
    'stay while they are good, whatever comes later, and make room after that',
    async () => {
      const store = await open();
      await store.keep('k', answer('one', NOW_MS + 1_000), NOW_MS);
      expect(await store.keep('k', answer('two'), NOW_MS + 999)).toEqual(answer('one', NOW_MS + 1_000));
      expect(await store.keep('k', answer('two'), NOW_MS + 1_000)).toEqual(answer('two'));
      expect(await store.find('k')).toEqual(answer('two'));
    },
  );

  it.skipIf(absent !== undefined)('are one for all who keep one at the same time', async () => {
    const store = await open();
    const kept = await Promise.all(Array.from({ length: 12 }, (_, n) => store.keep('k', answer(`${n}`), NOW_MS)));
    const [first] = kept;
    expect(kept).toEqual(kept.map(() => first));
    expect(await store.find('k')).toEqual(first);
  });

  it.skipIf(absent !== undefined)('expire in the table, by seconds', async () => {
    const store = await open();
    await store.keep('k', answer('one', NOW_MS + 1_500), NOW_MS);
    if (!client) return expect(name).toBe('memory');
    const { Item } = await client.call('GetItem', { TableName: table, Key: { pk: { S: 'IDEM#k' } } });
    expect(Item?.['ttl']).toEqual({ N: String(NOW_MS / 1_000 + 2) });
  });
});
