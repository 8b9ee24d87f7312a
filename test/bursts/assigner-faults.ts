import type { DynamoClient } from '../../adapters/dynamodb/client.ts';
import { type Item, rowOfItem } from '../../adapters/dynamodb/row-item.ts';
import { commandUpdate } from '../../adapters/dynamodb/row-update.ts';
import type { AgentStore, Rng } from '../../core/ports.ts';
import type { WriteReply } from '../../core/registry/commands.ts';
import type { RelayWatch } from '../support/relay.ts';
import type { Fault, Plant, Step } from './messages.ts';

export type AssignerStore = Pick<AgentStore, 'get' | 'write'>;

/** What becomes of the connection of a take: the request never leaves, or it lands and its reply never comes. */
const CUTS = ['request', 'reply'] as const;

const TAKE = 'DynamoDB_20120810.UpdateItem';

function killMyself(): void {
  process.kill(process.pid, 'SIGKILL');
}

/** Carries out the fault of one burst in the process of its assigner. */
export interface Saboteur {
  /** Connections cut so far. */
  cuts: number;
  readonly watch: () => RelayWatch;
  /** A take is about to be sent. */
  take(): void;
  /** A client has its seat, and does not know it yet. */
  answer(): void;
}

export function createSaboteur(fault: Fault, rng: Rng): Saboteur {
  const { kill, cutShare = 0 } = fault;
  let takes = 0;
  let answers = 0;
  const isDue = (step: Step, count: number): boolean => kill?.step === step && kill.at === count;
  const saboteur: Saboteur = {
    cuts: 0,
    take() {
      if (isDue('before-send', takes + 1)) killMyself();
    },
    answer() {
      if (isDue('before-answer', ++answers)) killMyself();
    },
    watch: () => {
      // A connection carries one request at a time.
      let mine = 0;
      let cut: (typeof CUTS)[number] | undefined;
      return {
        request(bytes) {
          mine = bytes.includes(TAKE) ? ++takes : 0;
          cut = mine > 0 && rng.float() < cutShare ? CUTS[saboteur.cuts++ % CUTS.length] : undefined;
          return cut !== 'request';
        },
        sent() {
          if (mine > 0 && isDue('sent', mine)) killMyself();
        },
        reply() {
          if (mine > 0 && isDue('replied', mine)) killMyself();
          return cut !== 'reply';
        },
      };
    },
  };
  return saboteur;
}

/** A store that breaks a rule, to see that it is found. */
export function planted(
  plant: Plant | undefined,
  store: AssignerStore,
  client: DynamoClient,
  table: string,
): AssignerStore {
  switch (plant) {
    case 'no-condition':
      return { ...store, write: withoutCondition(store, client, table) };
    case 'same-serial':
      return { ...store, write: withOneReply(store) };
    case 'full-unread':
      return { ...store, write: async () => ({ ok: false, row: undefined }), get: async () => undefined };
    default:
      return store;
  }
}

/** Takes, whatever is free. */
function withoutCondition(store: AssignerStore, client: DynamoClient, table: string): AssignerStore['write'] {
  return async (key, command) => {
    const update = commandUpdate(command);
    const reply = await client.call('UpdateItem', {
      TableName: table,
      Key: { pk: { S: key } },
      ...update,
      ConditionExpression: `(${update.ConditionExpression}) OR attribute_exists(#free)`,
      ReturnValues: 'ALL_NEW',
    });
    const item = { ...reply.Attributes, free: { N: '0' } } as Item;
    return { ok: true, row: rowOfItem(item, () => {}) ?? (await store.get(key))! };
  };
}

/** Has the first take of each server answered once more for every later one. */
function withOneReply(store: AssignerStore): AssignerStore['write'] {
  const first = new Map<string, WriteReply>();
  return async (key, command) => {
    const reply = first.get(key) ?? (await store.write(key, command));
    if (reply.ok) first.set(key, reply);
    return reply;
  };
}
