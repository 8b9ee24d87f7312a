import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../adapters/system/system-clock.ts';
import { createRosterWriter } from '../../core/registry/roster-pass.ts';
import { AgentLab } from '../support/agent-lab.ts';
import { freePorts } from '../support/free-ports.ts';
import { Peer } from '../support/peer.ts';
import { startProgram, until } from '../support/program.ts';

const PREVIOUS = join(import.meta.dirname, '../compat/previous');
const CURRENT = { agent: 'agent/agent.mjs', door: 'door/door.mjs' } as const;
const { programs } = JSON.parse(readFileSync(join(PREVIOUS, 'release.json'), 'utf8')) as {
  programs: { file: string; sha256: string }[];
};

/** A program of the release before, as its machines have it: byte for byte. */
function previous(name: 'agent' | 'door' | 'game', folder: string): string {
  const bytes = brotliDecompressSync(readFileSync(join(PREVIOUS, `${name}.mjs.br`)));
  const frozen = programs.find(({ file }) => file === `${name}.mjs.br`);
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(frozen?.sha256);
  const path = join(folder, `previous-${name}.mjs`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, bytes);
  return path;
}

/** What both releases know of the configuration. */
const CONFIG = JSON.stringify({ timing: AgentLab.timing, keepalive: { intervalSeconds: 1 }, defaultApp: 'arena' });

/** A gateway on loopback whose roster is written here, as the function would. Its port, once it knows the server. */
async function openDoor(lab: AgentLab, script: string): Promise<number> {
  const port = await freePorts(2);
  const secret = join(lab.dir, 'secret');
  writeFileSync(secret, Buffer.alloc(32, 7), { mode: 0o600 });
  const { env } = lab.agentCommand();
  const flags = ['--bind', '127.0.0.1', '--port', String(port)];
  const health = ['--health-bind', '127.0.0.1', '--health-port', String(port + 1)];
  const door = startProgram(script, [...flags, ...health], {
    ...env,
    AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${lab.registry.port}`,
    ONEDOOR_TABLE: lab.table,
    ONEDOOR_KEY_SECRET: `file:${secret}`,
    ONEDOOR_CONFIG: CONFIG,
  });
  const writer = createRosterWriter({ store: lab.store, clock: systemClock });
  let isOver = false;
  onTestFinished(() => {
    isOver = true;
  });
  await until(
    `the door to know the server\n${door.text()}`,
    async () => {
      await writer.pass();
      const reply = await fetch(`http://127.0.0.1:${port + 1}/healthz`).catch(() => undefined);
      return ((await reply?.json()) as { openServers?: number } | undefined)?.openServers === 1;
    },
    20_000,
  );
  void (async () => {
    while (!isOver) {
      await writer.pass().catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  })();
  return port;
}

describe.each([
  ['an agent of the release before', 'the door of this one', { agent: true, door: false }],
  ['an agent of this release', 'the door of the one before', { agent: false, door: true }],
])('%s beside %s', (_agent, _door, isPrevious) => {
  it('gets clients who are let in, and answers their keepalives', async () => {
    const lab = await AgentLab.open();
    const agent = isPrevious.agent ? previous('agent', lab.dir) : CURRENT.agent;
    const door = isPrevious.door ? previous('door', lab.dir) : CURRENT.door;
    const { args, env } = lab.agentCommand();
    startProgram(agent, args, { ...env, ONEDOOR_CONFIG: CONFIG });
    // The game of a machine stays as it was when the agent beside it changes.
    lab.gameProgram = previous('game', lab.dir);
    lab.startGame();
    await lab.verify();
    await lab.row('the server takes clients', ({ seats }) => seats?.state === 'ready' && seats.free > 0);

    const port = await openDoor(lab, door);
    const ann = await Peer.open();
    ann.tell(Buffer.from('0008ffff0a000001', 'hex'), port);
    expect((await ann.hear('a classic answer', (bytes) => bytes.length === 8 && bytes)).toString('hex')).toBe(
      '0008ffffcb007107',
    );
    const answer = await ann.keepalive(port, { client: Buffer.from('ann'), app: 'arena', world: 'w1' }, 800);
    expect(answer.server).toBe(lab.id);
    expect(await ann.say(`JOIN ann ${answer.ticket}`, lab.gamePort, /./)).toBe('WELCOME ann 1');
    const { ticket } = answer;
    const kept = await ann.keepalive(lab.probePort, { client: Buffer.from('ann'), ...(ticket && { ticket }) }, 800);
    expect([kept.server, kept.error]).toEqual([lab.id, undefined]);
    await lab.row('the session is counted', ({ seats }) => seats?.sessions === 1);
  });
});
