import type { AnswerStore, KeptAnswer } from '../../core/ports.ts';
import { callAgain, isConditionFailed } from './calls.ts';
import { DEFAULT_TIMEOUT_MS, type DynamoClient } from './client.ts';
import type { Item } from './row-item.ts';

/** Answers in the registry's table, an item each; it expires by the table's time to live, hours late or days. */
export function createAnswerStore({
  client,
  table,
  timeoutMs = DEFAULT_TIMEOUT_MS,
}: {
  readonly client: DynamoClient;
  readonly table: string;
  readonly timeoutMs?: number;
}): AnswerStore {
  const pkOf = (key: string) => ({ pk: { S: `IDEM#${key}` } });

  const find = async (key: string): Promise<KeptAnswer | undefined> => {
    const input = { TableName: table, Key: pkOf(key), ConsistentRead: true };
    const facts = { operation: 'GetItem', table, key: input.Key.pk.S };
    return keptOf((await callAgain(facts, timeoutMs, (options) => client.call('GetItem', input, options))).Item);
  };

  return {
    find,
    async keep(key, answer, nowMs) {
      const { asked, text, untilMs } = answer;
      const input = {
        TableName: table,
        Item: {
          ...pkOf(key),
          asked: { S: asked },
          answer: { S: text },
          untilMs: { N: String(untilMs) },
          ttl: { N: String(Math.ceil(untilMs / 1_000)) },
        },
        ConditionExpression: 'attribute_not_exists(#pk) OR #untilMs <= :now',
        ExpressionAttributeNames: { '#pk': 'pk', '#untilMs': 'untilMs' },
        ExpressionAttributeValues: { ':now': { N: String(nowMs) } },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      } as const;
      const facts = { operation: 'PutItem', table, key: input.Item.pk.S };
      try {
        // Safe to repeat: the refusal of a second try brings back what the first one wrote.
        await callAgain(facts, timeoutMs, (options) => client.call('PutItem', input, options));
        return answer;
      } catch (error) {
        if (!isConditionFailed(error)) throw error;
        return keptOf(error.body['Item'] as Item | undefined) ?? (await find(key)) ?? answer;
      }
    },
  };
}

function keptOf(item: Item = {}): KeptAnswer | undefined {
  const asked = item['asked']?.S;
  const text = item['answer']?.S;
  const untilMs = Number(item['untilMs']?.N);
  return asked === undefined || text === undefined || !Number.isFinite(untilMs) ? undefined : { asked, text, untilMs };
}
