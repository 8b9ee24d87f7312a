import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createDynamoClient } from '../../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../../adapters/dynamodb/registry-store.ts';
import { systemClock } from '../../adapters/system/system-clock.ts';
import { createRosterWriter } from '../../core/registry/roster-pass.ts';
import { rowKey } from '../../core/registry/row.ts';
import { LOCAL_ACCESS, startDynalite } from '../../local/dynalite.ts';
import { aServer } from '../support/builders.ts';
import { freePorts } from '../support/free-ports.ts';
import { ManyAskers } from '../support/many-askers.ts';
import { type Program, startProgram, until } from '../support/program.ts';

const TABLE = 'doors-test';
const GEN = '00000000000000aa';
const SERVERS = 5;
const SERVICE = { address: '198.51.100.4', port: 7_000 };
const CLIENTS = 100;

/** Five servers whose second beat the roster's writer saw arrive. */
async function aRegistry(): Promise<string> {
  const engine = await startDynalite({ table: TABLE });
  onTestFinished(() => engine.close());
  const client = createDynamoClient({ ...LOCAL_ACCESS, endpoint: engine.endpoint });
  const store = createRegistryStore({ client, table: TABLE });
  const writer = createRosterWriter({ store, clock: systemClock });
  const keys = Array.from({ length: SERVERS }, (_, n) => rowKey(`test:s${n}`, 0));
  for (const [n, key] of keys.entries()) {
    await store.write(key, { kind: 'create', gen: GEN, nowMs: 1 });
    await store.place(key, aServer({ id: `s${n}.0`, app: 'world', ipv4: `203.0.113.${n}` }).server);
  }
  for (const beat of [1, 2]) {
    for (const key of keys) {
      const more = { addFree: 0, hb: 0, sessions: 0, capacity: 50, state: 'ready' } as const;
      await store.write(key, { kind: 'beat', gen: GEN, beat, ...more });
    }
    await writer.pass();
  }
  return engine.endpoint;
}

/** Three door processes, each at an address of its own, that have read the roster. */
async function threeDoors(duty: string) {
  const endpoint = await aRegistry();
  const dir = mkdtempSync(join(tmpdir(), 'doors-test-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const secret = join(dir, 'secret');
  writeFileSync(secret, Buffer.alloc(48, 7), { mode: 0o600 });
  const port = await freePorts(2);
  const hosts = ['127.0.4.1', '127.0.4.2', '127.0.4.3'];
  const names = hosts.map((host) => `${host}:${port + 1}`);
  const config = { duty, doors: names, policy: 'stateless-5', serviceAddress: SERVICE.address, logLevel: 'warn' };
  const env = {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    ONEDOOR_TABLE: TABLE,
    ONEDOOR_KEY_SECRET: `file:${secret}`,
    ONEDOOR_CONFIG: JSON.stringify(config),
  };
  const start = (door: number): Program => {
    const bind = ['--bind', hosts[door]!, '--health-bind', hosts[door]!];
    return startProgram('door/door.mjs', [...bind, '--port', String(port), '--health-port', String(port + 1)], env);
  };
  const [first] = [...hosts.keys()].map(start);
  const health = async (door: number): Promise<Record<string, unknown>> =>
    (await fetch(`http://${names[door]}/healthz`).then(
      (response) => response.json(),
      () => ({}),
    )) as Record<string, unknown>;
  for (const door of hosts.keys()) {
    await until(`door ${door} sees ${SERVERS} servers and all doors`, async () => {
      const { openServers, liveDoors } = await health(door);
      return openServers === SERVERS && (liveDoors as string[]).length === 3;
    });
  }
  return { first: first!, start, health, names, doors: hosts.map((host) => ({ host, port })) };
}

const numberOf = (address: string): number => address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);

/** stateless-5 by its formula in docs/PROTOCOL.md, section 6. */
function serverFor({ address, port }: { address: string; port: number }): string {
  const sum = numberOf(address) + port + numberOf(SERVICE.address) + SERVICE.port + 17;
  return `203.0.113.${sum % SERVERS}`;
}

describe('three doors that all get every request', () => {
  it.each(['standby', 'all-receive'])(
    '%s: exactly one answers each of 10,000, and one that is killed in the middle and comes back changes no answer',
    async (duty) => {
      const { first, start, health, doors, names } = await threeDoors(duty);
      const askers = await ManyAskers.open('127.0.7', CLIENTS, doors);
      onTestFinished(() => askers.close());
      await askers.ask(50);

      const total = async (name: string): Promise<number> => {
        const counters = await Promise.all(doors.map(async (_, door) => (await health(door))['counters']));
        return counters.reduce<number>((sum, each) => sum + ((each as Record<string, number>)[name] ?? 0), 0);
      };
      await until('all copies are counted', async () => {
        return (await total('classic')) + (await total('off-duty')) === 3 * askers.sent;
      });
      expect(await total('classic')).toBe(askers.sent);

      const second = askers.ask(50);
      first.child.kill('SIGKILL');
      await second;
      expect(askers.asked).toHaveLength(10_000);
      expect(askers.asked.filter((asked) => asked.answer !== serverFor(asked))).toEqual([]);

      const allSee = (live: readonly string[]) =>
        until(`the others see ${live}`, async () => {
          const seen = await Promise.all([1, 2].map(async (door) => String((await health(door))['liveDoors'])));
          return seen.every((each) => each === String(live));
        });
      await allSee(names.slice(1));
      await first.ended();
      start(0);
      await allSee(names);
      await askers.ask(5);
      expect(askers.asked.slice(10_000).filter((asked) => asked.answer !== serverFor(asked))).toEqual([]);
      expect(askers.asked).toHaveLength(10_500);
    },
  );
});
