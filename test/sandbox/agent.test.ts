import { describe, expect, it } from 'vitest';
import { AgentLab } from '../support/agent-lab.ts';
import { Peer } from '../support/peer.ts';
import { until } from '../support/program.ts';

const LINE = /./;

/** The ticket with another app in its claims, which its signature does not fit. */
function altered(ticket: string): string {
  const [head, claims = '', signature] = ticket.split('.');
  const other = Buffer.from(claims, 'base64url').toString().replace('arena', 'armed');
  return [head, Buffer.from(other).toString('base64url'), signature].join('.');
}

/** Nothing expires while a test is about seats that are out. */
const PATIENT = { ...AgentLab.timing, activateMs: 20_000, expireMs: 21_200 };

describe('an agent beside a game', () => {
  it('lets in who has a ticket, once', async () => {
    const lab = await AgentLab.open(PATIENT);
    await lab.ready();
    const [ann, bob] = [await Peer.open(), await Peer.open()];
    const ticket = await lab.ticket('ann');

    expect(await ann.say(`JOIN ann ${ticket}`, lab.gamePort, LINE)).toBe('WELCOME ann 1');
    expect(await bob.say(`JOIN bob ${ticket}`, lab.gamePort, LINE)).toBe('REFUSED ticket.in-use');
    expect((await bob.keepalive(lab.probePort, { ticket, client: Buffer.from('bob') }, 800)).error?.reason).toBe(
      'ticket.in-use',
    );
    const { seats } = await lab.row('one session', (row) => row.seats?.sessions === 1);
    expect(seats?.free).toBe(3);

    await ann.say('LEAVE', lab.gamePort, /BYE/);
    await lab.row('the seat is back', (row) => row.seats?.sessions === 0 && row.seats.free === 4);
    expect(await bob.say(`JOIN bob ${ticket}`, lab.gamePort, LINE)).toBe('REFUSED ticket.ended');
  });

  it('refuses tickets that are not for it, and makes who is late join like anybody', async () => {
    const lab = await AgentLab.open();
    await lab.ready();
    const ann = await Peer.open();
    const late = await lab.ticket('late');
    const ticket = await lab.ticket('ann');
    const foreign = await lab.ticket('ann', { server: lab.placement({ id: 'i-other.0' }) });

    expect(await ann.say(`JOIN ann ${altered(ticket)}`, lab.gamePort, LINE)).toBe('REFUSED ticket.forged');
    expect(await ann.say(`JOIN ann ${foreign}`, lab.gamePort, LINE)).toBe('REFUSED ticket.wrong-server');
    expect(await ann.say('JOIN ann nonsense', lab.gamePort, LINE)).toBe('REFUSED ticket.malformed');

    await lab.row('the seats have expired', (row) => row.seats?.free === 4);
    expect(await ann.say(`JOIN late ${late}`, lab.gamePort, LINE)).toBe('WELCOME late 1');
    const { seats } = await lab.row('one session', (row) => row.seats?.sessions === 1);
    expect(seats?.free).toBe(3);
  });

  it('lets in who comes without the door, until it is full', async () => {
    const lab = await AgentLab.open();
    await lab.ready();
    for (let n = 1; n <= 4; n++) {
      const peer = await Peer.open();
      expect(await peer.say(`JOIN p${n}`, lab.gamePort, LINE)).toBe(`WELCOME p${n} ${n}`);
    }
    const fifth = await Peer.open();
    expect(await fifth.say('JOIN p5', lab.gamePort, LINE)).toBe('REFUSED agent.full');
    await expect(lab.ticket('p5')).rejects.toThrow(/no seat/);
  });

  it('answers keepalives with its public address, and is silent when its game dies', async () => {
    const lab = await AgentLab.open();
    const { game } = await lab.ready();
    const ann = await Peer.open();
    const answer = await ann.keepalive(lab.probePort, { client: Buffer.from('ann') });
    expect(answer.server).toBe(lab.id);
    expect([...(answer.address.slice(12) ?? [])]).toEqual([203, 0, 113, 7]);
    ann.tell(Buffer.from('0008ffff0a000001', 'hex'), lab.probePort);
    expect((await ann.hear('a classic answer', (bytes) => bytes.length === 8 && bytes)).toString('hex')).toBe(
      '0008ffffcb007107',
    );

    game.child.kill('SIGKILL');
    await until('silence', () => ann.isSilent(lab.probePort));
    await lab.row('nobody is sent here', (row) => row.seats?.state === 'starting');

    lab.startGame();
    await lab.row('the game is back', (row) => row.seats?.state === 'ready');
    expect((await ann.keepalive(lab.probePort)).server).toBe(lab.id);
  });

  it('keeps sessions and seats when it is killed and started again', async () => {
    const lab = await AgentLab.open(PATIENT);
    const { agent } = await lab.ready();
    const [ann, bob] = [await Peer.open(), await Peer.open()];
    const tickets = [await lab.ticket('ann'), await lab.ticket('bob')] as const;
    await ann.say(`JOIN ann ${tickets[0]}`, lab.gamePort, /WELCOME/);
    const before = await lab.row('one session', (row) => row.seats?.sessions === 1);

    agent.child.kill('SIGKILL');
    await agent.ended();
    const second = lab.startAgent();
    const after = await lab.row(
      'another life',
      (row) => row.seats?.gen !== before.seats?.gen && row.seats?.state === 'ready',
    );

    await until('it says so', () => /the row is claimed \(.*sessions 1\)/.test(second.text()));
    expect(after.seats).toMatchObject({ sessions: 1, free: 2 });
    expect(await bob.say(`JOIN bob ${tickets[0]}`, lab.gamePort, LINE)).toBe('REFUSED ticket.in-use');
    expect(await bob.say(`JOIN bob ${tickets[1]}`, lab.gamePort, LINE)).toBe('WELCOME bob 2');
    expect(await lab.sessions()).toBe(2);
  });

  it('learns from the game who is on it when its journal is gone', async () => {
    const lab = await AgentLab.open();
    const { agent } = await lab.ready();
    const [ann, bob] = [await Peer.open(), await Peer.open()];
    const tickets = [await lab.ticket('ann'), await lab.ticket('bob')] as const;
    await ann.say(`JOIN ann ${tickets[0]}`, lab.gamePort, /WELCOME/);
    await lab.row('one session', (row) => row.seats?.sessions === 1);

    agent.child.kill('SIGKILL');
    await agent.ended();
    lab.startAgent('--journal', `${lab.dir}/another`);
    await until('the session is known again', async () => (await lab.sessions().catch(() => 0)) === 1);

    // Her ticket still is her session; his seat is void, so he joins like anybody.
    expect(await ann.say(`JOIN ann ${tickets[0]}`, lab.gamePort, LINE)).toBe('WELCOME ann 1');
    ann.keepSaying('PING 1', lab.gamePort);
    await lab.row('all that is free is known', (row) => row.seats?.state === 'ready' && row.seats.free === 3);
    expect(await bob.say(`JOIN bob ${tickets[1]}`, lab.gamePort, LINE)).toBe('WELCOME bob 2');
    await lab.row('both have a seat', (row) => row.seats?.sessions === 2 && row.seats.free === 2);
  });

  it('gives an unused seat back when its client leaves before it came', async () => {
    const lab = await AgentLab.open(PATIENT);
    await lab.ready();
    const ann = await Peer.open();
    const tickets = await Promise.all([1, 2, 3, 4].map(() => lab.ticket('ann')));
    await lab.row('no seat is free', (row) => row.seats?.free === 0);

    const [ticket] = tickets;
    expect((await ann.keepalive(lab.probePort, { ticket, client: Buffer.from('ann'), leave: true }, 800)).server).toBe(
      lab.id,
    );
    const { seats } = await lab.row('the seat is back', (row) => (row.seats?.free ?? 0) > 0);
    expect(seats?.free).toBe(1);
    expect(await ann.say(`JOIN ann ${ticket}`, lab.gamePort, LINE)).toBe('REFUSED ticket.ended');
  });

  it('ends a session whose client activated its ticket and never came', async () => {
    const lab = await AgentLab.open();
    await lab.ready();
    const ann = await Peer.open();
    const ticket = await lab.ticket('ann');
    expect((await ann.keepalive(lab.probePort, { ticket }, 800)).server).toBe(lab.id);
    expect(await lab.sessions()).toBe(1);

    await lab.row('the seat is back', (row) => row.seats?.sessions === 0 && row.seats.free === 4);
  });

  it('tells its lobby to anybody', async () => {
    const lab = await AgentLab.open();
    await lab.ready();
    const ann = await Peer.open();
    await ann.say('JOIN ann', lab.gamePort, /WELCOME/);
    const lobby = {
      ...{ id: lab.id, app: 'arena', world: 'w1', group: 'g1', sessions: 1, capacity: 4, state: 'ready' },
      description: 'a world that echoes',
      participants: ['ann'],
    };
    const url = `http://127.0.0.1:${lab.probePort + 2}/`;
    expect(
      await until('ann is in the lobby', async () => {
        const body = (await (await fetch(url)).json()) as typeof lobby;
        return body.participants.length === 1 && body;
      }),
    ).toEqual(lobby);

    const page = (await ann.keepalive(lab.probePort, { want: 2 }, 1_200)).lobbyPage;
    expect(page).toMatchObject({ sessions: 1, capacity: 4, pages: 1, participants: [{ name: 'ann', info: '' }] });
    expect(page?.description).toBe(lobby.description);
    expect((await ann.keepalive(lab.probePort, { want: 2 }, 60)).error?.code).toBe(4);
  });
});

describe('an agent that is told to go', () => {
  it('drains: takes nobody new, waits for who is there, and leaves a row that says so', async () => {
    const lab = await AgentLab.open();
    const { agent } = await lab.ready();
    const [ann, bob] = [await Peer.open(), await Peer.open()];
    const tickets = [await lab.ticket('ann'), await lab.ticket('bob')] as const;
    await ann.say(`JOIN ann ${tickets[0]}`, lab.gamePort, /WELCOME/);

    agent.child.kill('SIGTERM');
    await lab.row('the row drains', (row) => row.seats?.state === 'draining');
    expect(await bob.say(`JOIN bob ${tickets[1]}`, lab.gamePort, LINE)).toBe('REFUSED agent.draining');
    expect((await ann.keepalive(lab.probePort, { client: Buffer.from('ann') })).server).toBe(lab.id);
    expect(await ann.say('PING 1', lab.gamePort, /PONG/)).toBe('PONG 1');
    expect(agent.child.exitCode).toBeNull();

    await ann.say('LEAVE', lab.gamePort, /BYE/);
    expect(await agent.ended()).toBe(0);
    await lab.row('the server is gone', (row) => row.seats?.state === 'gone');
  });

  it('ends at the deadline, and at once when it is told twice', async () => {
    const lab = await AgentLab.open();
    const agent = lab.startAgent('--drain-deadline', '1');
    lab.startGame();
    await lab.verify();
    await lab.row('ready', (row) => row.seats?.state === 'ready' && row.seats.free > 0);
    const ann = await Peer.open();
    await ann.say('JOIN ann', lab.gamePort, /WELCOME/);
    ann.keepSaying('PING 1', lab.gamePort);
    agent.child.kill('SIGTERM');
    expect(await agent.ended()).toBe(0);

    const second = lab.startAgent();
    await lab.row('ready again', (row) => row.seats?.state === 'ready');
    second.child.kill('SIGTERM');
    await until('the first signal is heard', () => second.text().includes('draining'));
    second.child.kill('SIGTERM');
    expect(await second.ended()).toBe(1);
  });
});

describe('an agent that is in the way of another', () => {
  it('refuses to start beside one with its journal, or on its port, with one line and code 2', async () => {
    const lab = await AgentLab.open();
    await lab.ready();
    const twin = lab.startAgent();
    expect(await twin.ended()).toBe(2);
    expect(twin.text()).toMatch(/^`SRV#AROALAB:i-lab#0` must be served by one agent, got: .*\n$/);

    const other = lab.startAgent('--journal', `${lab.dir}/another`);
    expect(await other.ended()).toBe(2);
    expect(other.text()).toBe(`port ${lab.probePort} of 127.0.0.1 is in use\n`);
  });

  it('ends as soon as another life has claimed its row', async () => {
    const lab = await AgentLab.open();
    const { agent } = await lab.ready();
    const { seats } = await lab.row('ready', () => true);
    await lab.store.write(lab.key, { kind: 'claim', seen: seats?.gen ?? '', gen: '00000000000000ff' });
    expect(await agent.ended()).toBe(1);
    expect(agent.text()).toMatch(/another agent has claimed the row/);
  });
});

describe('an agent without a registry', () => {
  it('answers keepalives and admits until its lease is over, says so once, and goes on when it is back', async () => {
    const lab = await AgentLab.open();
    const { agent } = await lab.ready();
    const [ann, bob, cyd] = [await Peer.open(), await Peer.open(), await Peer.open()];
    const tickets = [await lab.ticket('ann'), await lab.ticket('bob')] as const;
    lab.registry.setOpen(false);
    expect(await ann.say(`JOIN ann ${tickets[0]}`, lab.gamePort, LINE)).toBe('WELCOME ann 1');
    expect(await cyd.say('JOIN cyd', lab.gamePort, LINE)).toBe('REFUSED registry.unreachable');

    ann.keepSaying('PING 1', lab.gamePort);
    await until('the lease is over', async () => (await lab.api('GET', '/healthz')).status === 503);
    expect(await bob.say(`JOIN bob ${tickets[1]}`, lab.gamePort, LINE)).toBe('REFUSED agent.not-ready');
    expect(await ann.say(`JOIN ann ${tickets[0]}`, lab.gamePort, /WELCOME/)).toBe('WELCOME ann 1');
    expect((await ann.keepalive(lab.probePort, { client: Buffer.from('ann') })).server).toBe(lab.id);

    lab.registry.setOpen(true);
    await lab.row('the session is in the row', (row) => row.seats?.sessions === 1 && row.seats.free === 3);
    expect(agent.text().match(/the registry does not take a beat/g)).toHaveLength(1);
    expect(agent.text().match(/the registry takes beats again/g)).toHaveLength(1);
  });

  it('starts all the same, and takes its row when the registry comes', async () => {
    const lab = await AgentLab.open();
    lab.registry.setOpen(false);
    const agent = lab.startAgent('--json');
    lab.startGame();
    await until('it says so', () => agent.text().includes('the registry does not take a beat'));
    lab.registry.setOpen(true);
    await lab.verify();
    await lab.row('ready', (row) => row.seats?.state === 'ready' && row.seats.free === 4);
    for (const line of agent.text().trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ service: 'agent' });
  });
});
