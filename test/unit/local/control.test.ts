import { describe, expect, it } from 'vitest';
import { createControl } from '../../../local/control.ts';
import type { Machine } from '../../../local/fleet.ts';

function scene() {
  const done: string[] = [];
  const process = (name: string) => ({
    name,
    logPath: '',
    running: () => true,
    exited: async () => 0,
    kill: (signal: string) => done.push(`${name} ${signal}`),
  });
  const machine = (id: string): Machine => ({
    instanceId: id,
    serverId: `${id}.0`,
    address: '127.0.0.11',
    game: process(`${id} game`),
    agent: process(`${id} agent`),
  });
  const machines = [machine('srv-01')];
  const control = createControl({ machines: () => machines, add: () => undefined });
  const post = (path: string, method = 'POST') => control({ method, path, headers: {}, sourceAddress: '127.0.0.1' });
  return { post, done };
}

describe('the control of local servers', () => {
  it('kills what is named, without a polite close', () => {
    const { post, done } = scene();
    expect(post('/local/servers/srv-01.0/crash').status).toBe(202);
    expect(done).toEqual(['srv-01 agent SIGKILL', 'srv-01 game SIGKILL']);
  });

  it('knows its own actions alone, and no name that every object has', () => {
    const { post, done } = scene();
    for (const action of ['constructor', 'toString', '__proto__', 'nope', '']) {
      expect(post(`/local/servers/srv-01.0/${action}`).status).toBe(404);
    }
    expect(done).toEqual([]);
  });

  it('takes what is no id for a server that is not there', () => {
    const { post } = scene();
    for (const id of ['%zz', 'srv-02.0', '..']) expect(post(`/local/servers/${id}/crash`).status).toBe(404);
  });

  it('wants POST, and says when no further server can be had', () => {
    const { post } = scene();
    expect(post('/local/servers/srv-01.0/crash', 'GET').status).toBe(405);
    expect(post('/local/servers')).toMatchObject({ status: 400, body: expect.stringContaining('no address is left') });
  });
});
