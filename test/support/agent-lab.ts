import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ticketKeys } from '../../adapters/crypto/ticket-keys.ts';
import { createDynamoClient } from '../../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../../adapters/dynamodb/registry-store.ts';
import type { RegistryStore } from '../../core/ports.ts';
import { type Placement, rowKey, type ServerRow } from '../../core/registry/row.ts';
import type { SeatTiming } from '../../core/registry/timing.ts';
import { issueTicket } from '../../core/ticket/issue.ts';
import { LOCAL_ACCESS, startDynalite } from '../../local/dynalite.ts';
import { freePorts } from './free-ports.ts';
import { type Program, startProgram, until } from './program.ts';
import { type Relay, startRelay } from './relay.ts';

const TABLE = 'agents';
const keys = ticketKeys(new Uint8Array(32).fill(7));

/** Durations of a system in a hurry: T is 2.4 s, a beat 0.2 s. */
const TIMING = { holdMs: 1_000, activateMs: 1_200, handOverMs: 200, expireMs: 2_400, beatMs: 200 };

/** One agent with its sample game, a registry in this process, and the hands of door and registrar. */
export class AgentLab {
  static readonly timing = TIMING;
  readonly table = TABLE;
  readonly key = rowKey('AROALAB:i-lab', 0);
  readonly id = 'i-lab.0';
  /** Under dist/, or a whole path. */
  gameProgram = 'game/game.mjs';
  readonly dir = mkdtempSync(join(tmpdir(), 'agent-lab-'));
  readonly tokenFile = join(this.dir, 'token');
  readonly registry: Relay;
  readonly store: RegistryStore;
  readonly probePort: number;
  readonly gamePort: number;
  readonly #endpoint: string;
  readonly #timing: SeatTiming;

  private constructor(registry: Relay, store: RegistryStore, firstPort: number, timing: SeatTiming) {
    this.#timing = timing;
    this.registry = registry;
    this.store = store;
    this.#endpoint = `http://127.0.0.1:${registry.port}`;
    this.probePort = firstPort;
    this.gamePort = firstPort + 3;
  }

  /** @param timing longer where a test must be done before a seat expires, however slow the machine is */
  static async open(timing: SeatTiming = TIMING): Promise<AgentLab> {
    const engine = await startDynalite({ table: TABLE });
    onTestFinished(() => engine.close());
    const relay = await startRelay(Number(new URL(engine.endpoint).port));
    onTestFinished(() => relay.close());
    const client = createDynamoClient({ ...LOCAL_ACCESS, endpoint: engine.endpoint });
    const store = createRegistryStore({ client, table: TABLE });
    await store.writeKeys([keys.publicKey]);
    const lab = new AgentLab(relay, store, await freePorts(4), timing);
    onTestFinished(() => rmSync(lab.dir, { recursive: true, force: true }));
    return lab;
  }

  startGame(...more: readonly string[]): Program {
    const api = ['--agent', `http://127.0.0.1:${this.probePort + 1}`, '--agent-token-file', this.tokenFile];
    return startProgram(this.gameProgram, ['--bind', '127.0.0.1', '--port', String(this.gamePort), ...api, ...more]);
  }

  /** Command line and environment of the agent, whatever file it is in. */
  agentCommand(): { readonly args: readonly string[]; readonly env: Readonly<Record<string, string>> } {
    const ports = [
      '--probe-port',
      this.probePort,
      '--api-port',
      this.probePort + 1,
      '--lobby-port',
      this.probePort + 2,
    ];
    const flags = [
      ...['--game', `127.0.0.1:${this.gamePort}`, '--bind', '127.0.0.1', '--capacity', '4'],
      ...['--identity', 'AROALAB:i-lab', '--table', TABLE, '--registry', this.#endpoint],
      ...['--journal', join(this.dir, 'journal'), '--api-token-file', this.tokenFile],
      ...ports.map(String),
    ];
    const { accessKeyId, secretAccessKey } = LOCAL_ACCESS.credentials;
    const env = {
      AWS_REGION: LOCAL_ACCESS.region,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      ONEDOOR_CONFIG: JSON.stringify({
        timing: this.#timing,
        keepalive: { intervalSeconds: 1 },
        failoverReservePercent: 0,
      }),
    };
    return { args: flags, env };
  }

  startAgent(...more: readonly string[]): Program {
    const { args, env } = this.agentCommand();
    return startProgram('agent/agent.mjs', [...args, ...more], env);
  }

  placement(more: Partial<Placement> = {}): Placement {
    return {
      id: this.id,
      ipv4: '203.0.113.7',
      ports: { game: this.gamePort, probe: this.probePort },
      zone: 'z',
      app: 'arena',
      world: 'w1',
      group: 'g1',
      labels: {},
      maxCapacity: 100,
      ...more,
    };
  }

  /** The registrar's part, as soon as the agent has made its row. */
  async verify(): Promise<void> {
    await until('the agent makes its row', async () => (await this.store.place(this.key, this.placement())).ok);
  }

  async row(what: string, fits: (row: ServerRow) => boolean): Promise<ServerRow> {
    return await until(what, async () => {
      const row = await this.store.get(this.key);
      return row && fits(row) && row;
    });
  }

  /** Agent, game and registrar, until the server may be given out. */
  async ready(): Promise<{ readonly agent: Program; readonly game: Program }> {
    const [agent, game] = [this.startAgent(), this.startGame()];
    await this.verify();
    await this.row(
      'the server is ready with all seats free',
      ({ seats }) => seats?.state === 'ready' && seats.free === 4,
    );
    return { agent, game };
  }

  /** The door's part: takes a seat and signs its ticket. */
  async ticket(client: string, more: { readonly server?: Placement } = {}): Promise<string> {
    const reply = await this.store.write(this.key, { kind: 'take', k: 1, token: crypto.randomUUID() });
    if (!reply.ok || !reply.row.seats) throw new Error(`no seat: ${JSON.stringify(reply)}`);
    const { gen, issued } = reply.row.seats;
    const nowMs = Date.now();
    const seat = { gen, serial: issued, expiresWallMs: nowMs + this.#timing.holdMs + this.#timing.activateMs };
    const server = more.server ?? this.placement();
    return issueTicket({ iss: 'onedoor', server, seat, client: Buffer.from(client), wallMs: nowMs }, keys.signer)
      .ticket;
  }

  /** Which program the row says that its agent is. */
  async versionOf(): Promise<string | undefined> {
    const client = createDynamoClient({ ...LOCAL_ACCESS, endpoint: this.#endpoint });
    try {
      const { Item } = await client.call('GetItem', { TableName: TABLE, Key: { pk: { S: this.key } } });
      return Item?.['version']?.S;
    } finally {
      client.destroy();
    }
  }

  /** A call of the game's API. */
  async api(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
    const reply = await fetch(`http://127.0.0.1:${this.probePort + 1}${path}`, {
      method,
      headers: { authorization: `Bearer ${readFileSync(this.tokenFile, 'utf8').trim()}` },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await reply.text();
    return { status: reply.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
  }

  /** Number of sessions that the agent knows. */
  async sessions(): Promise<number> {
    return ((await this.api('GET', '/sessions')).body['sessions'] as unknown[]).length;
  }
}
