import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalProgram, startLocal } from '../support/local-program.ts';
import { until } from '../support/program.ts';

const CLI = join(import.meta.dirname, '../../cli/main.ts');
const run = promisify(execFile);

let system: LocalProgram;

beforeAll(async () => {
  system = await startLocal(2);
});

afterAll(() => system?.stop());

/** A command beside the system of this test; a person's own `npm start` may run as well. */
async function onedoor(command: string, ...args: string[]) {
  const registry = ['--table', 'onedoor', '--registry', system.registry];
  const door = ['--door', system.door, '--http', system.api];
  const flags =
    command === 'probe' ? [] : ['drain', 'resume', 'doctor'].includes(command) ? [...registry, ...door] : door;
  const env = {
    PATH: process.env['PATH'],
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'x',
    AWS_SECRET_ACCESS_KEY: 'x',
  };
  // Nothing of AWS answers there, and at once.
  const offline = { AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_EC2_METADATA_DISABLED: 'true' };
  try {
    const { stdout } = await run(process.execPath, [CLI, command, ...args, ...flags], { env: { ...env, ...offline } });
    return { code: 0, stdout, stderr: '' };
  } catch (error) {
    const { code, stdout, stderr } = error as {
      readonly code: number;
      readonly stdout: string;
      readonly stderr: string;
    };
    return { code, stdout, stderr };
  }
}

const statusOf = async (id: string): Promise<string | undefined> => {
  const listed = JSON.parse((await onedoor('servers', '--json')).stdout) as { id: string; status: string }[];
  return listed.find((server) => server.id === id)?.status;
};

describe('the command line beside a running system', () => {
  it('says whether it answers and what is free', async () => {
    const { code, stdout } = await onedoor('status');
    expect(stdout).toMatch(/door {2}127\.[\d.]+:\d+: answers in [\d.]+ ms, server 127\./);
    expect(stdout).toMatch(/\nworld +main +east +1 +1 +0 +16 +\d+\n/);
    expect(code).toBe(0);
  });

  it('assigns, explains and gives the seat back', async () => {
    const { code, stdout } = await onedoor('assign', '--client', 'ada', '--explain', '--release');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /server +srv-0\d\.0 \(world, main, (east|west)\)\n[\s\S]*explain: two-choices chose srv-0\d\.0[\s\S]*given back: srv/,
    );
    const refused = await onedoor('assign', '--app', 'nothing', '--json');
    expect(refused.code).toBe(1);
    expect(JSON.parse(refused.stdout)).toMatchObject({ code: 'assign.unknown-app' });
    expect(JSON.parse((await onedoor('explain', '--json')).stdout)).toMatchObject({
      policy: 'two-choices',
      candidates: 2,
    });
  });

  it('believes a ticket that the door has signed', async () => {
    const { ticket } = JSON.parse((await onedoor('assign', '--json')).stdout) as { readonly ticket: string };
    const found = await run(process.execPath, [CLI, 'ticket', 'verify', ticket, '--http', system.api]);
    expect(found.stdout).toMatch(/^good: seat \d+ of srv-0\d\.0, to be activated within \d+ s\n$/);
  });

  it('drains a server, warns of the last one, and takes both back', async () => {
    const [first = '', second = ''] = system.servers;
    expect((await onedoor('drain', first, '--yes')).code).toBe(0);
    await until('it drains', async () => (await statusOf(first)) === 'draining', 20_000);
    // Groups differ, so each is the last of its pool.
    const asked = await onedoor('drain', second);
    expect(asked).toMatchObject({ code: 2, stdout: '' });
    expect(asked.stderr).toMatch(/is the last ready server of app world, world main, group west.*Say --yes/);
    expect((await onedoor('resume', first)).stdout).toMatch(/told to take clients again/);
    await until('it is ready again', async () => (await statusOf(first)) === 'ready', 20_000);
    const none = await onedoor('drain', 'srv-99.0', '--yes');
    expect(none).toMatchObject({ code: 2, stderr: `there is no server srv-99.0; there are ${first}, ${second}\n` });
  });

  it('finds nothing wrong but the account that is not there', async () => {
    const { code, stdout } = await onedoor('doctor', '--json');
    const { findings } = JSON.parse(stdout) as { findings: { about: string; state: string; says: string }[] };
    const wrong = findings.filter(({ state }) => state === 'bad').map(({ about }) => about);
    expect({ code, wrong }).toEqual({ code: 1, wrong: ['credentials'] });
    const good = findings.filter(({ state }) => state === 'ok').map(({ about }) => about);
    expect(good).toEqual(
      expect.arrayContaining(['door over UDP', 'door over TCP', 'HTTP API', 'servers', 'registry', 'keys']),
    );
  });
});
