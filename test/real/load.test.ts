import { describe, expect, it } from 'vitest';
import { createLoadAdapter } from '../../adapters/load/create-load-adapter.ts';
import type { GameAddress, LoadReading } from '../../adapters/load/load-adapter.ts';
import { AgentLab } from '../support/agent-lab.ts';
import { Peer } from '../support/peer.ts';
import { until } from '../support/program.ts';
import {
  joinBzfs,
  joinMurmurd,
  joinTeeworlds,
  missing,
  startBzfs,
  startMurmurd,
  startTeeworlds,
} from './game-servers.ts';

/** Asks until the answer has this many sessions. */
async function count(word: string, game: GameAddress, sessions: number): Promise<LoadReading> {
  const adapter = await createLoadAdapter(word, game);
  return await until(`${word} with ${sessions} sessions`, async () => {
    const reading = await adapter.query().catch(() => undefined);
    return reading?.sessions === sessions && reading;
  });
}

describe.skipIf(missing('bzfs', 'bzadmin') !== undefined)('a real BZFlag server', () => {
  it('is counted while a client comes and goes', async () => {
    const server = await startBzfs();
    expect(await count('bzflag', server, 0)).toEqual({ sessions: 0, capacity: 10 });
    const leave = joinBzfs('ann', server);
    await count('bzflag', server, 1);
    await leave();
    await count('bzflag', server, 0);
  });

  it('plays in a deployment with nothing but an agent beside it', async () => {
    const lab = await AgentLab.open();
    const server = await startBzfs(lab.gamePort);
    lab.startAgent('--load', 'bzflag');
    await lab.verify();
    await lab.row('all seats are free', ({ seats }) => seats?.state === 'ready' && seats.free === 4);

    // A client by the door and one past it: both take a place, and both are counted.
    const ticket = await lab.ticket('ann');
    const peer = await Peer.open();
    expect((await peer.keepalive(lab.probePort, { ticket, client: Buffer.from('ann') }, 800)).server).toBe(lab.id);
    const leave = [joinBzfs('ann', server), joinBzfs('bob', server)];
    await lab.row('two are counted', ({ seats }) => seats?.sessions === 2 && seats.free === 2);
    await Promise.all(leave.map((go) => go()));
    await lab.row('all have left', ({ seats }) => seats?.sessions === 0 && seats.free === 4);

    await server.kill();
    await lab.row('nobody is sent to a dead game', ({ seats }) => seats?.state === 'starting');
    expect(await peer.isSilent(lab.probePort)).toBe(true);
  });
});

describe.skipIf(missing('teeworlds') !== undefined)('a real Teeworlds server', () => {
  it('is counted, clients that only connect included', async () => {
    const server = await startTeeworlds();
    expect(await count('teeworlds', server, 0)).toEqual({ sessions: 0, capacity: 8, participants: [] });
    await joinTeeworlds(server);
    await joinTeeworlds(server);
    expect(await count('teeworlds', server, 2)).toMatchObject({ capacity: 8 });
  });
});

describe.skipIf(missing('murmurd') !== undefined)('a real Mumble server', () => {
  it('is counted by its ping, and by gamedig alike', async () => {
    const server = await startMurmurd();
    expect(await count('mumble', server, 0)).toEqual({ sessions: 0, capacity: 13 });
    await joinMurmurd('ann', server);
    expect(await count('mumble', server, 1)).toEqual({ sessions: 1, capacity: 13 });
    expect(await count('gamedig:mumble', server, 1)).toMatchObject({ capacity: 13 });
  });
});
