import { describe, expect, it, vi } from 'vitest';
import type { AgentLink, GameLoad } from '../../../local/game/agent-link.ts';
import { World } from '../../../local/game/world.ts';

const ann = { address: '127.0.0.1', port: 1 };
const bob = { address: '127.0.0.1', port: 2 };
const cyd = { address: '127.0.0.1', port: 3 };

interface Scene {
  readonly world: World;
  /** Answers to `port` since the last call. */
  heard(peer: { port: number }): string[];
  pass(ms: number): void;
}

type WorldAgent = Omit<AgentLink, 'servers'>;

function aWorld(agent?: WorldAgent, capacity = 4, elsewhere: () => readonly string[] = () => []): Scene {
  let now = 0;
  let sent: { port: number; text: string }[] = [];
  const world = new World({
    capacity,
    ...(agent && { agent }),
    elsewhere,
    send: (text, { port }) => sent.push({ port, text }),
    nowMs: () => now,
  });
  return {
    world,
    heard({ port }) {
      const texts = sent.filter((message) => message.port === port).map(({ text }) => text);
      sent = sent.filter((message) => message.port !== port);
      return texts;
    },
    pass(ms) {
      now += ms;
    },
  };
}

/** An agent that admits tickets `s1`, `s2`, … as sessions of that name. */
function anAgent(): WorldAgent & { ended: string[]; loads: GameLoad[]; isAway: boolean } {
  return {
    ended: [],
    loads: [],
    isAway: false,
    async join(ticket) {
      return ticket?.startsWith('s')
        ? { ok: true, session: { id: ticket, sub: 'x' } }
        : { ok: false, code: 'ticket.forged' };
    },
    async leave(session) {
      if (!this.isAway) this.ended.push(session);
      return !this.isAway;
    },
    async report(load) {
      this.loads.push(load);
    },
  };
}

describe('the sample world', () => {
  it('lets participants in, echoes, and carries their lines to each other', async () => {
    const { world, heard } = aWorld();
    await world.hear('JOIN ann', ann);
    await world.hear('JOIN bob', bob);
    await world.hear('PING 7', ann);
    await world.hear('SAY hello there', bob);
    await world.hear('WHO', ann);

    expect(heard(ann)).toEqual(['WELCOME ann 1', 'JOINED bob', 'PONG 7', 'SAID bob hello there', 'HERE ann,bob']);
    expect(heard(bob)).toEqual(['WELCOME bob 2', 'SAID bob hello there']);
  });

  it('is silent to strangers, but for the number of its participants', async () => {
    const { world, heard } = aWorld();
    await world.hear('JOIN bob', bob);
    for (const text of ['PING 1', 'SAY x', 'WHO', 'LEAVE', '', 'NONSENSE']) await world.hear(text, ann);
    expect(heard(ann)).toEqual([]);
    await world.hear('INFO', ann);
    expect(heard(ann)).toEqual(['{"sessions":1,"capacity":4}']);
  });

  it('refuses whom it has no room for, and names that would not fit into its lines', async () => {
    const { world, heard } = aWorld(undefined, 1);
    for (const name of ['', 'a,b', 'x'.repeat(33)]) await world.hear(`JOIN ${name}`, ann);
    expect(heard(ann)).toEqual(Array(3).fill('REFUSED http.bad-request'));
    await world.hear('JOIN ann', ann);
    await world.hear('JOIN bob', bob);
    expect(heard(bob)).toEqual(['REFUSED agent.full']);
    expect(world.size).toBe(1);
  });

  it('lets in whom its agent admits, and says why not', async () => {
    const { world, heard } = aWorld(anAgent());
    await world.hear('JOIN ann s1', ann);
    await world.hear('JOIN bob forged', bob);
    expect(heard(ann)).toEqual(['WELCOME ann 1']);
    expect(heard(bob)).toEqual(['REFUSED ticket.forged']);
  });

  it('moves a participant to another port, and refuses another one on the same ticket', async () => {
    const agent = anAgent();
    const { world, heard } = aWorld(agent);
    await world.hear('JOIN ann s1', ann);
    await world.hear('JOIN bob s1', bob);
    expect(heard(bob)).toEqual(['REFUSED ticket.in-use']);
    await world.hear('JOIN ann s1', cyd);
    await world.hear('PING 1', ann);
    await world.hear('PING 2', cyd);
    heard(bob);

    expect(heard(ann)).toEqual(['WELCOME ann 1']);
    expect(heard(cyd)).toEqual(['WELCOME ann 1', 'PONG 2']);
    expect(agent.ended).toEqual([]);
  });

  it('tells its agent of everybody who joins or leaves at once, the newest last', async () => {
    const agent = anAgent();
    const { world } = aWorld(agent);
    await Promise.all([world.hear('JOIN ann s1', ann), world.hear('JOIN bob s2', bob)]);
    await world.hear('LEAVE', ann);
    await vi.waitFor(() => expect(agent.loads.at(-1)?.participants).toEqual(['bob']));
  });

  it('names who is on the world’s other servers beside those who are here', async () => {
    const { world, heard } = aWorld(undefined, 4, () => ['cyd@b.0']);
    await world.hear('JOIN ann', ann);
    await world.hear('ALL', ann);
    expect(heard(ann)).toEqual(['WELCOME ann 1', 'EVERYBODY ann,cyd@b.0']);
  });

  it('asks its agent once for a request that is repeated', async () => {
    const agent = anAgent();
    const { world, heard } = aWorld(agent);
    await Promise.all([world.hear('JOIN ann s1', ann), world.hear('JOIN ann s1', ann)]);
    await world.hear('JOIN ann s1', ann);
    expect(heard(ann)).toEqual(['WELCOME ann 1', 'WELCOME ann 1']);
    expect(world.size).toBe(1);
  });

  it('ends who leaves and who is silent for 5 s, and tells its agent and the others', async () => {
    const agent = anAgent();
    const { world, heard, pass } = aWorld(agent);
    for (const [n, peer] of [ann, bob, cyd].entries()) await world.hear(`JOIN p${n} s${n}`, peer);
    await world.hear('LEAVE', bob);
    pass(4_000);
    await world.hear('PING 1', ann);
    pass(1_500);
    await world.tick();

    expect(heard(ann).slice(3)).toEqual(['LEFT p1', 'PONG 1', 'LEFT p2']);
    expect(agent.ended).toEqual(['s1', 's2']);
    expect(agent.loads.at(-1)).toEqual({
      ...{ sessions: [{ id: 's0', sub: 'x' }], capacity: 4, participants: ['p0'] },
      description: 'a world that echoes',
    });
  });

  it('tells an agent that was away of every session that ended meanwhile', async () => {
    const agent = anAgent();
    const { world } = aWorld(agent);
    await world.hear('JOIN ann s1', ann);
    agent.isAway = true;
    await world.hear('LEAVE', ann);
    await world.tick();
    agent.isAway = false;
    await world.tick();
    await world.tick();
    expect(agent.ended).toEqual(['s1']);
  });
});
