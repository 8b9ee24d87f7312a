import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ConnectOptions, connect, menu, type Roster, roster, type Session } from '../../client/index.ts';
import { type LocalProgram, startLocal } from '../support/local-program.ts';
import { until } from '../support/program.ts';

const ROOT = join(import.meta.dirname, '../..');

let system: LocalProgram;
let folder = '';
const sessions: Session[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onedoor-client-'));
  system = await startLocal(3);
});
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.close()));
});
afterAll(async () => {
  await system?.stop();
  rmSync(folder, { recursive: true });
});

const options = (more: Partial<ConnectOptions> = {}): ConnectOptions => ({
  door: system.door,
  http: system.api,
  ...more,
});

async function enter(more: Partial<ConnectOptions> = {}): Promise<Session> {
  const session = await connect(options(more));
  sessions.push(session);
  return session;
}

const idsOf = ({ servers }: Roster) => servers.map(({ id }) => id).sort();

describe('a client beside `npm start`', () => {
  it('gets the same roster from the door, from an agent and over HTTP', async () => {
    const byDoor = await roster(options());
    // TCP on a machine that is too busy for an answer within a second.
    expect(['udp', 'tcp']).toContain(byDoor.via);
    expect(idsOf(byDoor)).toEqual([...system.servers].sort());
    expect(byDoor.servers[0]).toMatchObject({ status: 'ready', group: expect.any(String) });

    const [server] = byDoor.servers;
    const agent = `${server!.ipv4}:${server!.ports['probe']}`;
    const byAgent = await roster({ door: agent, http: false });
    expect(['udp', 'tcp']).toContain(byAgent.via);
    expect(idsOf(byAgent)).toEqual([...system.servers].sort());

    const nowhere = '127.0.0.1:1';
    const byHttp = await roster(options({ door: nowhere }));
    expect([byHttp.via, idsOf(byHttp)]).toEqual(['http', [...system.servers].sort()]);
  });

  it('finds who answers among the addresses of a name', async () => {
    const [host = '', port = ''] = system.door.split(':');
    const resolve = async () => [...[201, 202, 203, 204].map((last) => `${system.network}${last}`), host];
    const door = `doors.example.com:${port}`;

    expect(idsOf(await roster(options({ door, resolve, http: false })))).toHaveLength(3);
    const session = await enter({ door, resolve, http: false });
    expect(system.servers).toContain(session.server.id);
  });

  it('sees a change at every agent within seconds', async () => {
    const before = await roster(options());
    const players = await Promise.all([1, 2, 3].map(() => enter({ choose: () => system.servers[0]! })));
    expect(players.map(({ server }) => server.id)).toEqual(Array(3).fill(system.servers[0]));

    for (const { ipv4, ports } of before.servers) {
      const door = `${ipv4}:${ports['probe']}`;
      await until(`three players in the roster of ${door}`, async () => {
        const { servers } = await roster({ door, http: false });
        return servers.find(({ id }) => id === system.servers[0])!.free <= 13;
      });
    }
  });

  it.each(['fewest-users', 'latency', 'random'] as const)('chooses by %s and has a ticket there', async (choose) => {
    const session = await enter({ choose, http: false });
    expect(system.servers).toContain(session.server.id);
    expect(session.ticket).toBeDefined();
  });

  it('chooses by a function, and is given the next where the first does not exist', async () => {
    const session = await enter({
      choose: (servers) => ['i-nowhere.0', ...servers.map(({ id }) => id).filter((id) => id !== system.servers[0])],
      http: false,
    });
    expect(session.server.id).not.toBe(system.servers[0]);
  });

  it('comes back to its server and seat after a restart, with no call to the door', async () => {
    const first = await enter({ client: 'alice' });
    const saved = JSON.parse(JSON.stringify(first.state()));
    await until('the seat is a session', async () =>
      (await roster(options())).servers.some(({ id, sessions: there }) => id === first.server.id && there > 0),
    );

    const again = await enter({ door: '127.0.0.1:1', http: false, resume: saved });

    expect([again.resumed, again.client, again.server, again.ticket]).toEqual([
      true,
      'alice',
      first.server,
      first.ticket,
    ]);
  });

  it('runs the program of the documentation, which comes back to its server', async () => {
    const page = readFileSync(join(ROOT, 'docs/clients/typescript.md'), 'utf8');
    const programs = [...page.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code = '']) => code);
    const program = programs.find((code) => code.includes('session.state()')) ?? '';
    const client = JSON.stringify(join(ROOT, 'client/index.ts'));
    writeFileSync(join(folder, 'play.ts'), program.replace("'./onedoor.mjs'", client));
    const play = async (): Promise<string> => {
      const { stdout } = await promisify(execFile)(process.execPath, ['play.ts', system.door, system.api], {
        cwd: folder,
      });
      return stdout;
    };

    const [, id] = /^world \[ 'main' \]\nnew on (\S+)$/m.exec(await play()) ?? [];
    expect(await play()).toContain(`back on ${id}\n`);
  });

  it('shows a menu', async () => {
    expect(await menu(options())).toMatchObject([
      { app: 'world', servers: 3, capacity: 48, worlds: [{ world: 'main', servers: 3 }] },
    ]);
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(ROOT, 'examples/menu/menu.ts'), system.api, 'world', 'main'],
      { cwd: ROOT },
    );
    expect(stdout).toMatch(/world\s+main\s+\d+ of 48 players on 3 servers/);
    expect(stdout).toMatch(/playing on \S+ at 127\.\d+\.\d+\.\d+:7777/);
  });
});

describe('a client whose server dies', () => {
  it('goes on at an alternate with the ticket that it has, and tells the door', async () => {
    const session = await enter();
    const { ticket } = session;
    const { id } = session.server;
    await until('the seat is a session', async () =>
      (await roster(options())).servers.some((server) => server.id === id && server.sessions > 0),
    );
    const moved = new Promise<string>((resolve) => session.on('reassigned', ({ server }) => resolve(server.id)));

    await system.act(id, 'crash');
    await session.report('silent');

    expect(await moved).not.toBe(id);
    expect(session.ticket).toBe(ticket);
    const other = await enter({ http: 'http://127.0.0.1:1' });
    await expect(other.report('silent')).rejects.toMatchObject({ code: 'client.no-answer' });
  });
});

describe('a client whose door and API go away', () => {
  it('starts from the roster that it kept, if that is signed', async () => {
    const path = join(folder, 'roster.json');
    const cache = {
      load: () => {
        try {
          return readFileSync(path, 'utf8');
        } catch {
          return undefined;
        }
      },
      save: (text: string) => writeFileSync(path, text),
    };
    await enter({ cache });
    await until('the roster is kept', () => cache.load() !== undefined);

    const away = { door: '127.0.0.1:1', http: 'http://127.0.0.1:1', cache };
    const session = await enter({ ...away, timeoutMs: 20_000 });
    expect(system.servers).toContain(session.server.id);
    expect(session.ticket).toBeUndefined();

    const chosen = await enter({ ...away, choose: 'latency', timeoutMs: 20_000 });
    expect(system.servers).toContain(chosen.server.id);

    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(system.network, '127.0.66.'));
    await expect(connect({ ...options(away), timeoutMs: 4_000 })).rejects.toMatchObject({ code: 'client.no-answer' });
  });
});
