import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createDynamoClient } from '../../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../../adapters/dynamodb/registry-store.ts';
import { systemClock } from '../../adapters/system/system-clock.ts';
import type { RegistryStore } from '../../core/ports.ts';
import { createRosterWriter } from '../../core/registry/roster-pass.ts';
import { rowKey } from '../../core/registry/row.ts';
import { LOCAL_ACCESS, startDynalite } from '../../local/dynalite.ts';
import { freePorts } from '../support/free-ports.ts';
import { Peer } from '../support/peer.ts';
import { startProgram, until } from '../support/program.ts';

const TABLE = 'groups';
/** Streams bring changes several times a second; here a tick stands in for one. */
const TICK_MS = 250;
const ROUNDS = 5;

interface Listed {
  readonly id: string;
  readonly group: string;
  readonly status: string;
  readonly sessions: number;
}

/** A machine of a group: agent and game as processes, and what its game may ask the agent. */
class Member {
  readonly id: string;
  readonly gamePort: number;
  readonly #apiPort: number;
  readonly #tokenFile: string;

  private constructor(id: string, firstPort: number, tokenFile: string) {
    this.id = id;
    this.gamePort = firstPort + 2;
    this.#apiPort = firstPort + 1;
    this.#tokenFile = tokenFile;
  }

  static async start(group: string, registry: { endpoint: string; store: RegistryStore }): Promise<Member> {
    const dir = mkdtempSync(join(tmpdir(), 'groups-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const firstPort = await freePorts(3);
    const identity = `AROALAB:i-${group}`;
    const member = new Member(`i-${group}.0`, firstPort, join(dir, 'token'));
    const { accessKeyId, secretAccessKey } = LOCAL_ACCESS.credentials;
    startProgram(
      'agent/agent.mjs',
      [
        ...['--game', `127.0.0.1:${member.gamePort}`, '--bind', '127.0.0.1', '--capacity', '64'],
        ...['--identity', identity, '--table', TABLE, '--registry', registry.endpoint],
        ...['--journal', join(dir, 'journal'), '--api-token-file', join(dir, 'token')],
        ...['--probe-port', String(firstPort), '--api-port', String(firstPort + 1)],
      ],
      {
        AWS_REGION: LOCAL_ACCESS.region,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        ONEDOOR_CONFIG: JSON.stringify({ timing: { beatMs: 200 } }),
      },
    );
    const api = ['--agent', `http://127.0.0.1:${firstPort + 1}`, '--agent-token-file', join(dir, 'token')];
    const game = ['--bind', '127.0.0.1', '--port', String(member.gamePort), '--capacity', '64'];
    startProgram('game/game.mjs', [...game, ...api]);
    const placement = {
      ...{ id: member.id, ipv4: '203.0.113.7', zone: 'z', app: 'arena', world: 'w', group, labels: {} },
      ...{ ports: { game: member.gamePort, probe: firstPort }, maxCapacity: 64 },
    };
    await until(
      `the agent of ${group} makes its row`,
      async () => (await registry.store.place(rowKey(identity, 0), placement)).ok,
      30_000,
    );
    return member;
  }

  /** All servers as the agent tells its game. */
  async servers(): Promise<readonly Listed[]> {
    const token = readFileSync(this.#tokenFile, 'utf8').trim();
    const response = await fetch(`http://127.0.0.1:${this.#apiPort}/servers`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return response.ok ? ((await response.json()) as { servers: readonly Listed[] }).servers : [];
  }

  async sees(what: string, fits: (servers: readonly Listed[]) => boolean): Promise<void> {
    await until(`${this.id} sees ${what}`, async () => fits(await this.servers()), 30_000);
  }
}

/** Packs the roster as the deployed function does, until the test ends. */
function keepPacking(store: RegistryStore): void {
  const writer = createRosterWriter({ store, clock: systemClock });
  let running: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    running = running.then(() => writer.pass());
  }, TICK_MS);
  onTestFinished(async () => {
    clearInterval(timer);
    await running;
  });
}

describe('two groups', () => {
  it('see each other through their agents, and each change of the other one within 2 s', async () => {
    const engine = await startDynalite({ table: TABLE });
    onTestFinished(() => engine.close());
    const client = createDynamoClient({ ...LOCAL_ACCESS, endpoint: engine.endpoint });
    onTestFinished(() => client.destroy());
    const store = createRegistryStore({ client, table: TABLE });
    keepPacking(store);
    const registry = { endpoint: engine.endpoint, store };
    const [east, west] = await Promise.all([Member.start('east', registry), Member.start('west', registry)]);
    const both = (servers: readonly Listed[]): boolean =>
      servers.map(({ group, status }) => `${group} ${status}`).join() === 'east ready,west ready';
    await east.sees('both groups ready', both);
    await west.sees('both groups ready', both);

    const tookMs: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      const player = await Peer.open();
      const startedMs = performance.now();
      expect(await player.say(`JOIN p${round}`, west.gamePort, /./)).toMatch(/^WELCOME/);
      const joined = (servers: readonly Listed[]): boolean =>
        servers.some(({ id, sessions }) => id === west.id && sessions === round);
      await east.sees(`${round} sessions in the other group`, joined);
      tookMs.push(Math.round(performance.now() - startedMs));
    }
    // Other work may hold a round up; were the agent slower by design, it would be in each of them.
    expect(Math.min(...tookMs), `rounds of ${tookMs.join(', ')} ms`).toBeLessThan(2_000);
    console.log(`a change in the other group was seen after ${tookMs.join(', ')} ms`);
  });
});
