import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { ConfigError } from '../../core/errors.ts';
import type { PublicKey, RegistryStore } from '../../core/ports.ts';
import type { WriteReply } from '../../core/registry/commands.ts';
import type { ServerRow } from '../../core/registry/row.ts';
import { callAgain, callOnce, getItem, isConditionFailed, type TableAccess } from './calls.ts';
import { DEFAULT_TIMEOUT_MS } from './client.ts';
import { hedged } from './hedge.ts';
import { type Item, type MalformedRow, rowOfItem } from './row-item.ts';
import { listItems } from './row-list.ts';
import {
  burialUpdate,
  type Conditional,
  commandUpdate,
  drainUpdate,
  forgetCondition,
  moveUpdate,
  placementUpdate,
  suspicionUpdate,
} from './row-update.ts';

/** DynamoDB Developer Guide, "Naming rules". */
const TABLE_NAME = /^[\w.-]{3,255}$/;
/** Far above what DynamoDB takes for a write, far below a client's patience: about one take in a thousand is sent twice. */
const HEDGE_MS = 250;
const KEYS_ITEM = 'KEYS#tickets';
const rosterKey = (name: string): string => `ROSTER#${name}`;

export interface RegistryStoreOptions extends TableAccess {
  /**
   * A take that has no answer after this many ms is sent a second time, with the same token, on another connection; the
   * first answer counts. Infinity: never. @default 250
   */
  readonly hedgeMs?: number;
  /** The program that makes or claims rows here, for people to see. @default - rows do not say */
  readonly version?: string;
  /** Told of each item that had to be skipped, once while it stays wrong in the same way. @default nobody */
  readonly onMalformed?: (row: MalformedRow) => void;
}

/** What was told already; forgotten as a whole when it is much, so that it cannot grow for ever. */
const MOST_TOLD = 1_000;

function tellOnce(tell: (row: MalformedRow) => void): (row: MalformedRow) => void {
  const told = new Set<string>();
  return (row) => {
    const what = `${row.key} ${row.problem}`;
    if (told.has(what)) return;
    if (told.size >= MOST_TOLD) told.clear();
    told.add(what);
    tell(row);
  };
}

function publicKeyOf(value: AttributeValue): PublicKey[] {
  const kid = value.M?.['kid']?.S;
  const x = value.M?.['x']?.S;
  return kid === undefined || x === undefined ? [] : [{ kid, x }];
}

/**
 * The registry in a DynamoDB table (docs/SEATS.md): one item a row, one conditional update a command. Throws ConfigError
 * if `table` is no table's name.
 */
export function createRegistryStore(options: RegistryStoreOptions): RegistryStore {
  const { client, table, version, timeoutMs = DEFAULT_TIMEOUT_MS, hedgeMs = HEDGE_MS } = options;
  const access = { client, table, timeoutMs };
  const onMalformed = tellOnce(options.onMalformed ?? (() => {}));
  if (!TABLE_NAME.test(table)) {
    throw new ConfigError([`\`table\` (ONEDOOR_TABLE) must be the name of a DynamoDB table, got: "${table}".`]);
  }

  const rowOf = (item: Item | undefined): ServerRow | undefined => item && rowOfItem(item, onMalformed);

  const read = (key: string, isConsistent: boolean) => getItem(access, key, isConsistent);

  async function put(item: Record<string, AttributeValue>): Promise<void> {
    await callAgain(access, 'PutItem', { TableName: table, Item: item });
  }

  /**
   * One try: the caller alone knows what a repetition would mean; a take can tell itself by its token. A refusal brings the row with it
   * (ALL_OLD); an engine that cannot return it, or a row that is not there, costs a consistent read.
   */
  async function update(key: string, change: Conditional, tryMs = timeoutMs, repeatable = false): Promise<WriteReply> {
    const input = {
      TableName: table,
      Key: { pk: { S: key } },
      ...change,
      ReturnValues: 'ALL_NEW',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    } as const;
    try {
      const reply = await callOnce({ ...access, timeoutMs: tryMs }, 'UpdateItem', input, repeatable);
      const row = rowOf(reply.Attributes);
      // A write that landed on a row nobody can read is as good as refused: its sender must not build on it.
      return row ? { ok: true, row } : { ok: false, row: undefined };
    } catch (error) {
      if (!isConditionFailed(error)) throw error;
      const old = error.body['Item'] as Item | undefined;
      return { ok: false, row: rowOf(old ?? (await read(key, true))) };
    }
  }

  /** The whole of it within the time of one try. */
  function take(key: string, change: Conditional): Promise<WriteReply> {
    if (hedgeMs >= timeoutMs) return update(key, change, timeoutMs, true);
    const send = (isSecond: boolean) => update(key, change, isSecond ? timeoutMs - hedgeMs : timeoutMs, true);
    return hedged({ afterMs: hedgeMs }, send);
  }

  async function forget(key: string, beat: number): Promise<boolean> {
    const input = { TableName: table, Key: { pk: { S: key } }, ...forgetCondition(beat) };
    try {
      await callOnce(access, 'DeleteItem', input);
      return true;
    } catch (error) {
      if (isConditionFailed(error)) return false;
      throw error;
    }
  }

  return {
    forget,
    get: async (key) => rowOf(await read(key, true)),
    write: (key, command) => {
      const change = commandUpdate(command, version);
      return command.kind === 'take' ? take(key, change) : update(key, change);
    },
    place: (key, placement) => update(key, placementUpdate(placement, false)),
    enrol: (key, placement) => update(key, placementUpdate(placement, true)),
    bury: (key) => update(key, burialUpdate()),
    suspect: (key, suspect) => update(key, suspicionUpdate(suspect)),
    drain: (key, drain) => update(key, drainUpdate(drain)),
    move: (key, wish) => update(key, moveUpdate(wish)),
    async list(machine) {
      const items = await listItems(access, machine);
      return items.flatMap((item) => rowOf(item) ?? []);
    },
    async readRoster(name) {
      const item = await read(rosterKey(name), false);
      const body = item?.['body']?.B;
      const version = Number(item?.['version']?.N);
      return body && Number.isSafeInteger(version) ? { name, version, body } : undefined;
    },
    async writeRoster({ name, version, body }) {
      await put({ pk: { S: rosterKey(name) }, version: { N: String(version) }, body: { B: body } });
    },
    async readKeys() {
      return ((await read(KEYS_ITEM, false))?.['keys']?.L ?? []).flatMap(publicKeyOf);
    },
    async writeKeys(keys) {
      const list = keys.map(({ kid, x }) => ({ M: { kid: { S: kid }, x: { S: x } } }));
      await put({ pk: { S: KEYS_ITEM }, keys: { L: list } });
    },
  };
}
