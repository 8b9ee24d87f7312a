/**
 * CPU time of one take, from the registry store's `write` to the row that came back, beside the SDK's DynamoDBClient
 * doing the same UpdateItem: `node bench/reserve.ts [rounds]`. A server in another process answers every call at once
 * with the same row. The two take turns in reversed order every other round; `node:http` in the user's and in the
 * kernel's time counts for both.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { createDynamoClient } from '../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../adapters/dynamodb/registry-store.ts';
import { commandUpdate } from '../adapters/dynamodb/row-update.ts';
import type { TakeCommand } from '../core/registry/commands.ts';
import { rowKey } from '../core/registry/row.ts';
import { freePorts } from '../test/support/free-ports.ts';
import { machine, median, roundsLine } from './cpu.ts';
import { atMost, told } from './figure.ts';

const ROUNDS = Number(process.argv[2] ?? 9);
const CALLS = 4_000;
/** Calls under way at once, as a door has them. */
const AT_ONCE = 8;
const NS_PER_US = 1_000;
const TABLE = 'registry';
const KEY = rowKey('AROAEXAMPLEEXAMPLE:i-0123456789abcdef0', 0);

const N = (value: number) => ({ N: String(value) });
const S = (value: string) => ({ S: value });
/** As DynamoDB gives it back after a take: seats, and the registrar's placement. */
const ATTRIBUTES = {
  pk: S(KEY),
  kind: S('srv'),
  v: N(1),
  version: S('1.0.0'),
  ...{ free: N(41), issued: N(1_785_000_123_456), beat: N(1_785_000_000_999), capacity: N(100), hb: N(1_785_000_000) },
  ...{ sessions: N(59), gen: S('00000000000000aa'), last: S('00112233445566778a'), state: S('ready') },
  ...{ id: S('i-0123456789abcdef0.0'), ipv4: S('198.51.100.7'), zone: S('eu-central-1a'), app: S('arena') },
  ...{ world: S('main'), grp: S('eu-central'), labels: { M: {} }, maxCapacity: N(100), verified: { BOOL: true } },
  ports: { M: { game: N(27_015), probe: N(7_000) } },
};

interface Contender {
  readonly name: string;
  readonly call: (take: TakeCommand) => Promise<unknown>;
  readonly ns: number[];
}

async function cpuNsPerCall({ call }: Contender): Promise<number> {
  let made = 0;
  const caller = async (): Promise<void> => {
    while (made < CALLS) {
      const token = (0x1122334455660000 + made++).toString(16).padStart(18, '0');
      await call({ kind: 'take', k: 1, token });
    }
  };
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: AT_ONCE }, caller));
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * NS_PER_US) / made;
}

async function startNull(port: number): Promise<ChildProcess> {
  const file = join(import.meta.dirname, 'load/null-dynamo.ts');
  const body = JSON.stringify({ Attributes: ATTRIBUTES });
  const child = spawn(process.execPath, [file, String(port), body], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

async function main(): Promise<void> {
  const port = await freePorts(1);
  const server = await startNull(port);
  const region = 'eu-central-1';
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', sessionToken: 't'.repeat(700) };
  const endpoint = `http://127.0.0.1:${port}`;
  const client = createDynamoClient({ endpoint, region, credentials });
  const store = createRegistryStore({ client, table: TABLE });
  // At its best: one try, no look at the endpoint's rules by account.
  const sdk = new DynamoDBClient({ endpoint, region, credentials, maxAttempts: 1, accountIdEndpointMode: 'disabled' });
  const contenders: readonly Contender[] = [
    { name: 'registry store', ns: [], call: (take) => store.write(KEY, take) },
    {
      name: 'SDK, UpdateItemCommand',
      ns: [],
      call: (take) =>
        sdk.send(
          new UpdateItemCommand({
            TableName: TABLE,
            Key: { pk: { S: KEY } },
            ...commandUpdate(take),
            ReturnValues: 'ALL_NEW',
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        ),
    },
  ];
  try {
    for (const contender of contenders) await cpuNsPerCall(contender);
    for (let round = 0; round < ROUNDS; round++) {
      const turn = round % 2 === 0 ? contenders : [...contenders].reverse();
      for (const contender of turn) contender.ns.push(await cpuNsPerCall(contender));
    }
    console.log(`${machine()}; CPU us a take, ${ROUNDS} rounds of ${CALLS}, ${AT_ONCE} at once`);
    for (const { name, ns } of contenders) console.log(roundsLine(name, ns, NS_PER_US));
    const [own, other] = contenders.map(({ ns }) => median(ns) / NS_PER_US);
    atMost('one take, registry store to the row, CPU', 100, own!, 'us');
    told("the same by the SDK's client, CPU", other!, 'us');
  } finally {
    server.kill();
    client.destroy();
    sdk.destroy();
  }
}

await main();
