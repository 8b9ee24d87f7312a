import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AgentLab } from '../support/agent-lab.ts';
import { freePorts } from '../support/free-ports.ts';
import { Peer } from '../support/peer.ts';
import { until } from '../support/program.ts';

/** Nothing expires while a test is about something else. */
const PATIENT = { ...AgentLab.timing, activateMs: 20_000, expireMs: 21_200 };

interface Build {
  call(method: string, path: string, body?: object): Promise<Record<string, unknown>>;
  /** States that the build is told of, in order, without repetitions. */
  watch(): Promise<readonly string[]>;
}

/** A build as its SDK would call: REST on loopback, Health every now and then. */
function aBuild(port: number): Build {
  const url = `http://127.0.0.1:${port}`;
  return {
    async call(method, path, body) {
      const headers = { 'content-type': 'application/json' };
      const reply = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
      expect([path, reply.status]).toEqual([path, 200]);
      return (await reply.json()) as Record<string, unknown>;
    },
    async watch() {
      const states: string[] = [];
      const request = get(`${url}/watch/gameserver`);
      const [input] = (await once(request, 'response')) as [IncomingMessage];
      // The agent may end before the test lets go of the stream.
      for (const part of [request, input]) part.on('error', () => {});
      onTestFinished(() => void request.destroy());
      const lines = createInterface({ input }).on('error', () => {});
      lines.on('line', (line) => {
        const { state } = JSON.parse(line).result.status;
        if (states.at(-1) !== state) states.push(state);
      });
      return states;
    },
  };
}

describe('a build made for Agones beside an agent', () => {
  it('has its players counted, whatever becomes of the agent, and drains', async () => {
    const lab = await AgentLab.open();
    const port = await freePorts(1);
    const flags = ['--load', 'agones', '--agones-port', String(port), '--agones-health', '120'];
    const agent = lab.startAgent(...flags);
    await lab.verify();
    const build = aBuild(port);
    await lab.row('the row is claimed', (row) => row.seats?.state === 'starting');

    await build.call('POST', '/ready', {});
    const { seats } = await lab.row('it is given out', (row) => row.seats?.state === 'ready');
    expect(seats?.capacity).toBe(4);
    for (const playerID of ['ann', 'bob']) await build.call('POST', '/alpha/player/connect', { playerID });
    await lab.row('its players are sessions', (row) => row.seats?.sessions === 2 && row.seats.free === 2);

    const gone = new Promise((resolve) => agent.child.once('exit', resolve));
    agent.child.kill('SIGKILL');
    await gone;
    lab.startAgent(...flags);
    await until('the next agent answers', async () => {
      const reply = await fetch(`http://127.0.0.1:${port}/alpha/player/count`).catch(() => undefined);
      return reply?.ok && ((await reply.json()) as { count: string }).count === '2';
    });
    await build.call('POST', '/alpha/player/disconnect', { playerID: 'ann' });
    await lab.row('one is left', ({ seats: now }) => now?.state === 'ready' && now.sessions === 1 && now.free === 3);

    await build.call('POST', '/shutdown', {});
    await lab.row('nobody new comes', (row) => row.seats?.state === 'draining');
  });

  it('is allocated by a ticket, and knows it', async () => {
    const lab = await AgentLab.open(PATIENT);
    const port = await freePorts(1);
    lab.startAgent('--agones-port', String(port), '--agones-health', '120');
    await lab.verify();
    const build = aBuild(port);
    await lab.row('the row is claimed', (row) => row.seats?.state === 'starting');
    const states = await build.watch();
    await build.call('POST', '/ready', {});
    await lab.row('it is given out', (row) => row.seats?.state === 'ready' && row.seats.free === 4);

    await until('the build knows', () => states.at(-1) === 'Ready');
    const ann = await Peer.open();
    const ticket = await lab.ticket('ann');
    await until('the ticket is taken', async () => {
      const answer = await ann.keepalive(lab.probePort, { ticket, client: Buffer.from('ann') }).catch(() => undefined);
      return answer?.server === lab.id;
    });
    await lab.row('its client is a session', (row) => row.seats?.sessions === 1);
    await until('the build knows', () => states.at(-1) === 'Allocated');
    expect(states).toEqual(['Scheduled', 'Ready', 'Allocated']);
    await build.call('POST', '/reserve', { seconds: '600' });
    await lab.row('nobody new comes', (row) => row.seats?.state === 'starting' && row.seats.sessions === 1);
  });
});
