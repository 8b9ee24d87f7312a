import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { findRow, lastOfPool } from '../../../cli/commands/drain.ts';
import { checkAccount } from '../../../cli/doctor/account.ts';
import { checkConfig, checkNode, checkPorts } from '../../../cli/doctor/here.ts';
import { parseDeployConfig } from '../../../core/config/parse-deploy-config.ts';
import type { ServerRow } from '../../../core/registry/row.ts';

const row = (id: string, more: Partial<ServerRow> = {}, state: 'ready' | 'draining' = 'ready'): ServerRow => ({
  key: `SRV#op:${id}#0`,
  suspect: false,
  placement: {
    id,
    ipv4: '203.0.113.7',
    ports: { game: 7777, probe: 7000 },
    zone: 'a',
    app: 'arena',
    world: 'main',
    group: 'main',
    labels: {},
    maxCapacity: 10,
  },
  seats: { free: 9, issued: 1, beat: 1, gen: 'g', last: '', capacity: 10, state, hb: 0, sessions: 1 },
  ...more,
});

describe('draining by the command line', () => {
  it('knows the last server of a pool that takes clients', () => {
    const last = row('a.0');
    const alone = [last, row('b.0', {}, 'draining'), row('c.0', { suspect: true }), row('d.0', { drain: true })];
    expect(lastOfPool(alone, last)).toBe('app arena, world main, group main');
    expect(lastOfPool([...alone, row('e.0')], last)).toBeUndefined();
    // One that takes nobody is no loss.
    expect(lastOfPool(alone, alone[1]!)).toBeUndefined();
  });

  it('names servers that are like one that is not there', () => {
    const rows = ['i-1.0', 'i-1.1', 'i-2.0'].map((id) => row(id));
    expect(findRow(rows, 'i-1.1')).toBe(rows[1]);
    expect(() => findRow(rows, 'i-1')).toThrow('there is no server i-1; there are i-1.0, i-1.1');
    expect(() => findRow(rows, 'zz')).toThrow('there is no server zz; there are i-1.0, i-1.1, i-2.0');
    expect(() => findRow([], 'zz')).toThrow('there is no server zz; there are none');
  });
});

describe('the doctor', () => {
  it('tells a Node that is too old, and what to do', () => {
    expect(checkNode('24.1.0').state).toBe('ok');
    expect(checkNode('20.20.2')).toMatchObject({ state: 'bad', remedy: expect.stringContaining('npx onedoor') });
  });

  it('tells every mistake of the configuration', async () => {
    const wrong = await checkConfig(async () => ({ config: { deployment: 'UPPER', gateway: { min: 0 } } }));
    expect(wrong.finding).toMatchObject({ state: 'bad' });
    expect(wrong.finding.says).toMatch(/deployment.*gateway\.min/s);
    expect((await checkConfig()).finding.state).toBe('ok');
  });

  it('finds the port that somebody has', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { readonly port: number };
    expect(await checkPorts([port])).toMatchObject({ state: 'warn', says: `${port} in use on 127.0.0.1` });
    await new Promise((resolve) => server.close(resolve));
    expect((await checkPorts([port])).state).toBe('ok');
  });

  const has = (values: Readonly<Record<string, number>>) => ({
    identity: async () => ({ account: '123456789012', arn: 'arn:aws:iam::123456789012:user/me', region: 'eu-west-1' }),
    quota: async ({ code }: { readonly code: string }) => values[code],
    close() {},
  });

  it('compares quotas with what the configuration needs at its most', async () => {
    const config = parseDeployConfig({});
    const found = await checkAccount(config, has({ 'L-1216C47A': 5, 'L-0263D0A3': 5 }));
    expect(found.map(({ about, state }) => [about, state])).toEqual([
      ['credentials', 'ok'],
      ['quota EC2 vCPUs (on-demand, standard)', 'warn'],
      ['quota Elastic IPs', 'ok'],
      ['quota Lambda concurrent executions', 'skip'],
    ]);
    // Four gateways and two servers of two vCPUs each.
    expect(found[1]?.says).toBe('5, the configuration needs 12');
  });

  it('says how to log in where that is what is missing', async () => {
    const expired = Object.assign(new Error('The security token included in the request is expired'), {
      name: 'ExpiredTokenException',
    });
    const account = { ...has({}), identity: () => Promise.reject(expired) };
    expect(await checkAccount(parseDeployConfig({}), account)).toMatchObject([
      { about: 'credentials', state: 'bad', remedy: expect.stringContaining('aws sso login') },
    ]);
  });
});
