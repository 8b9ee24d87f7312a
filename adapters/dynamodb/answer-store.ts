import type { AnswerStore, KeptAnswer } from '../../core/ports.ts';
import { callAgain, getItem, isConditionFailed, type TableAccess } from './calls.ts';
import type { Item } from './row-item.ts';

/** Answers in the registry's table, an item each; it expires by the table's time to live, hours late or days. */
export function createAnswerStore(access: TableAccess): AnswerStore {
  const pkOf = (key: string): string => `IDEM#${key}`;
  const find = async (key: string): Promise<KeptAnswer | undefined> => keptOf(await getItem(access, pkOf(key), true));

  return {
    find,
    async keep(key, answer, nowMs) {
      const { asked, text, untilMs } = answer;
      const input = {
        TableName: access.table,
        Item: {
          pk: { S: pkOf(key) },
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
      try {
        // Safe to repeat: the refusal of a second try brings back what the first one wrote.
        await callAgain(access, 'PutItem', input);
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
