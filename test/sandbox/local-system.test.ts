import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalEvent } from '../../local/events.ts';

/** Addresses and ports of its own: a developer's `npm start` may run beside it. */
const BIND = '127.0.2.1';
const HTTP_PORT = 18_080;
const PORTS = ['--bind', BIND, '--http-port', String(HTTP_PORT), '--probe-port', '17000', '--registry-port', '18000'];
const API = `http://${BIND}:${HTTP_PORT}`;
const MAIN = 'local/main.ts';

type Of<Name> = Extract<LocalEvent, { event: Name }>;

/** A running `npm start -- --json`: its events so far, and a way to wait for the next one that fits. */
class System {
  readonly events: LocalEvent[] = [];
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  private waiting: (() => void)[] = [];

  constructor(...flags: string[]) {
    this.child = spawn(process.execPath, [MAIN, '--json', ...PORTS, ...flags], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.exited = new Promise((resolve) => this.child.once('exit', resolve));
    createInterface({ input: this.child.stdout! }).on('line', (line) => {
      this.events.push(JSON.parse(line) as LocalEvent);
      for (const wake of this.waiting.splice(0)) wake();
    });
  }

  async until<Name extends LocalEvent['event']>(
    name: Name,
    fits: (event: Of<Name>) => boolean = () => true,
  ): Promise<Of<Name>> {
    for (;;) {
      const found = this.events.find((event) => event.event === name && fits(event as Of<Name>));
      if (found) return found as Of<Name>;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }
}

const post = (path: string, body?: unknown) =>
  fetch(`${API}${path}`, {
    method: 'POST',
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });

async function statusOf(id: string): Promise<string | undefined> {
  const { servers } = (await (await fetch(`${API}/v1/servers`)).json()) as {
    servers: { id: string; status: string }[];
  };
  return servers.find((server) => server.id === id)?.status;
}

describe('the whole system on one machine', () => {
  let system: System;
  beforeAll(async () => {
    system = new System('--servers', '3', '--crowd', '9');
    await system.until('ready');
  });
  afterAll(async () => {
    system.child.kill('SIGTERM');
    expect(await system.exited).toBe(0);
  });

  it('assigns the crowd to servers that are ready', async () => {
    for (let n = 1; n <= 9; n++) await system.until('assigned', ({ client }) => client === `client-0${n}`);
    expect(system.events.filter(({ event }) => event === 'refused')).toEqual([]);
  });

  it('answers a classic probe over UDP and TCP and an extended one', () => {
    const probe = (...flags: string[]) =>
      execFileSync(
        process.execPath,
        ['cli/main.ts', 'probe', `${BIND}:17000`, '--count', '2', '--interval', '0.05', ...flags],
        {
          encoding: 'utf8',
        },
      );
    expect(probe()).toMatch(/server 127\.0\.2\.1\d {2}time=.*\n.*\n--- 127\.0\.2\.1: 2 sent, 2 answered, 0 % lost/);
    expect(probe('--tcp')).toMatch(/2 answered/);
    expect(probe('--app', 'world', '--explain', '--http', API)).toMatch(
      /server srv-0\d\.0 at 127\.0\.2\.1\d.*[\s\S]*explain: two-choices chose srv-0\d\.0 among/,
    );
  });

  it('answers the client in Python that was written from the protocol page alone', () => {
    for (const flags of [[], ['--tcp'], ['--app', 'world']]) {
      const said = execFileSync('python3', ['test/python/onedoor_probe.py', BIND, '17000', ...flags], {
        encoding: 'utf8',
      });
      expect(said).toMatch(
        /^classic 127\.0\.2\.1\d\nextended 127\.0\.2\.1\d\nserver srv-0\d\.0 ticket \d{3} bytes\nports /,
      );
    }
  });

  it('answers over HTTP with a seat, and names what is wrong with a request', async () => {
    const assigned = await post('/v1/assignments', { app: 'world', client: 'tester', explain: true });
    expect(assigned.status).toBe(201);
    expect(await assigned.json()).toMatchObject({
      server: { app: 'world', world: 'main' },
      explain: { policy: 'two-choices' },
    });
    const wrong = await post('/v1/assignments', { app: 'world', cliend: 'tester' });
    expect(wrong.status).toBe(400);
    expect(await wrong.json()).toMatchObject({ code: 'http.bad-request', errors: [{ path: 'cliend' }] });
    expect((await post('/v1/assignments', { app: 'nope' })).status).toBe(404);
  });

  it('repeats its answer to a request with a key, and takes seats back from who will not come', async () => {
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'a-key-of-this-one-test' };
    const body = JSON.stringify({ app: 'world', party: ['one', 'two'] });
    const ask = async () => (await fetch(`${API}/v1/assignments`, { method: 'POST', headers, body })).json();
    const first = (await ask()) as { seats: { id: string; ticket: string }[] };
    expect(first.seats).toHaveLength(2);
    expect(await ask()).toEqual(first);
    for (const { id, ticket } of first.seats) {
      const authorization = `Bearer ${ticket}`;
      // A datagram may get lost on a busy machine: then the answer is 504, and it is said again.
      const path = `${API}/v1/assignments/${id}`;
      const status = async () => (await fetch(path, { method: 'DELETE', headers: { authorization } })).status;
      await expect.poll(status, { timeout: 20_000, interval: 200 }).toBe(200);
    }
  }, 60_000);

  it('moves the clients of a crashed server to others', async () => {
    const from = (await system.until('assigned')).server;
    await post(`/local/servers/${from}/crash`);
    const lost = await system.until('lost', ({ server }) => server === from);
    const moved = await system.until('reassigned', ({ client }) => client === lost.client);
    expect(moved.from).toBe(from);
    expect(moved.server).not.toBe(from);
  });

  it('moves the clients of a game that died beside a living agent', async () => {
    const victim = await liveServerWithClients();
    const before = system.events.length;
    await post(`/local/servers/${victim}/crash-game`);
    const lost = await system.until(
      'lost',
      (event) => event.server === victim && system.events.indexOf(event) >= before,
    );
    const moved = await system.until('reassigned', ({ client, from }) => client === lost.client && from === victim);
    expect(moved.server).not.toBe(victim);
    await post(`/local/servers/${victim}/crash`);
  });

  it('starts another server on request, and drains one without sending anybody there again', async () => {
    const { id } = (await (await post('/local/servers')).json()) as { id: string };
    await expect.poll(() => statusOf(id), { timeout: 15_000 }).toBe('ready');
    const old = system.events.flatMap((event) => (event.event === 'ready' ? event.servers : []));
    const draining = (
      await Promise.all(old.map(async (each) => ((await statusOf(each)) === 'ready' ? each : '')))
    ).find(Boolean)!;
    await post(`/local/servers/${draining}/drain`);
    await expect.poll(() => statusOf(draining), { timeout: 15_000 }).not.toBe('ready');
    for (let n = 0; n < 20; n++) {
      const answer = (await (await post('/v1/assignments', { client: `late-${n}` })).json()) as {
        server?: { id: string };
      };
      expect(answer.server?.id).not.toBe(draining);
    }
  });

  it('says which server is not there', async () => {
    const answer = await post('/local/servers/srv-99.0/crash');
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ detail: expect.stringContaining('srv-01.0') });
  });

  async function liveServerWithClients(): Promise<string> {
    const at = new Map<string, string>();
    for (const event of system.events) {
      if (event.event === 'assigned' || event.event === 'reassigned') at.set(event.client, event.server);
      else if (event.event === 'left') at.delete(event.client);
    }
    for (const server of at.values()) if ((await statusOf(server)) === 'ready') return server;
    throw new Error('no live server has a client');
  }
});

describe('the local system’s start', () => {
  const start = (...flags: string[]) =>
    new Promise<{ code: number | null; stderr: string; stdout: string }>((resolve) => {
      const child = spawn(process.execPath, [MAIN, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
      const out = { stdout: '', stderr: '' };
      child.stdout.on('data', (chunk) => (out.stdout += chunk));
      child.stderr.on('data', (chunk) => (out.stderr += chunk));
      child.once('exit', (code) => resolve({ code, ...out }));
    });

  it('stops by itself after --for, with exit code 0', async () => {
    const { code, stdout } = await start(...PORTS, '--servers', '0', '--for', '0.2', '--json');
    expect(code).toBe(0);
    expect(stdout).toContain('"event":"ready"');
  });

  it('says in one line which flag is wrong, and exits 2', async () => {
    const { code, stderr } = await start('--servers', 'many');
    expect(code).toBe(2);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain('got: many');
  });

  for (const [name, port] of [
    ['probe', 17_000],
    ['HTTP', HTTP_PORT],
    ['registry', 18_000],
  ] as const) {
    it(`says in one line that the ${name} port is in use, and exits 2`, async () => {
      const other = createServer().listen(port, name === 'registry' ? '127.0.0.1' : BIND);
      await new Promise((resolve) => other.once('listening', resolve));
      const { code, stderr } = await start(...PORTS, '--servers', '0', '--for', '1');
      other.close();
      expect(code).toBe(2);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(stderr).toContain(`${port}`);
      expect(stderr).toContain('in use');
    });
  }
});
