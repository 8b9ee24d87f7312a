import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GAME_PORT } from '../../local/settings.ts';
import { Peer } from '../support/peer.ts';
import { until } from '../support/program.ts';

const BIND = '127.0.5.1';
const PROBE_PORT = 17_400;
const FLAGS = [
  ...['--json', '--servers', '2', '--crowd', '0', '--bind', BIND, '--http-port', '18480'],
  ...['--probe-port', String(PROBE_PORT), '--registry-port', '18400', '--notify', '--answers', 'server'],
];
/** Addresses of the two servers, each in a group of its own. */
const [EAST, WEST] = ['127.0.5.11', '127.0.5.12'] as const;
const ROUNDS = 5;

interface Lobby {
  readonly id: string;
  readonly group: string;
  readonly description: string;
  readonly participants: readonly string[];
}

describe('a world in two groups', () => {
  let system: ChildProcess;
  let isReady = false;
  beforeAll(async () => {
    system = spawn(process.execPath, ['local/main.ts', ...FLAGS], { stdio: ['ignore', 'pipe', 'inherit'] });
    createInterface({ input: system.stdout! }).on('line', (line) => {
      isReady ||= JSON.parse(line).event === 'ready';
    });
    await until('the system is ready', () => isReady, 40_000);
  });
  afterAll(async () => {
    const gone = new Promise((resolve) => system.once('exit', resolve));
    system.kill('SIGTERM');
    await gone;
  });

  const lobbyOf = async (address: string): Promise<Lobby> =>
    (await (await fetch(`http://${address}:${PROBE_PORT + 2}/`)).json()) as Lobby;
  const join = async (name: string, address: string): Promise<Peer> => {
    const peer = await Peer.open();
    await peer.say(`JOIN ${name}`, GAME_PORT, /WELCOME/, address);
    return peer;
  };

  it('describes each server’s session to anybody', async () => {
    const lobbies = await Promise.all([EAST, WEST].map(lobbyOf));
    expect(lobbies).toMatchObject([
      { id: 'srv-01.0', group: 'east', description: 'a world that echoes' },
      { id: 'srv-02.0', group: 'west', description: 'a world that echoes' },
    ]);
  });

  it('shows a client in one group the participants of the other, within a second', async () => {
    const watcher = await join('watcher', EAST);
    const everybody = async (): Promise<string> => await watcher.say('ALL', GAME_PORT, /^EVERYBODY/, EAST);
    // The first time, each server has yet to meet the other.
    await join('first', WEST);
    await until('they have met', async () => (await everybody()).includes('first@srv-02.0'));
    const tookMs: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const guest = await join(`guest${round}`, WEST);
      const joinedMs = performance.now();
      await until('the guest is seen', async () => (await everybody()).includes(`guest${round}@srv-02.0`));
      tookMs.push(performance.now() - joinedMs);
      await guest.say('LEAVE', GAME_PORT, /BYE/, WEST);
      await until('the guest is gone', async () => !(await everybody()).includes(`guest${round}@`));
    }
    console.log(`seen in the other group after ${tookMs.map((ms) => Math.round(ms)).join(', ')} ms`);
    // Others may keep this machine busy now and then, but not each time.
    expect(Math.min(...tookMs)).toBeLessThan(1_000);
  });

  it('is found by clients whose server answers them', async () => {
    const { connect } = await import('../../client/index.ts');
    const session = await connect({ door: `${BIND}:${PROBE_PORT}`, http: false });
    expect(session.server.id).toMatch(/^srv-0[12]\.0$/);
    await session.close();
    const reply = await fetch(`http://${BIND}:18481/healthz`);
    const { counters } = (await reply.json()) as { counters: Record<string, number> };
    expect(counters['forwarded']).toBeGreaterThanOrEqual(1);
  });
});
