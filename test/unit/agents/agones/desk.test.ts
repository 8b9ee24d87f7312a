import { describe, expect, it } from 'vitest';
import { anAgonesLab, HEALTH_SECONDS } from '../../../support/agones-lab.ts';

describe('a build made for Agones', () => {
  it('is given to nobody before it says that it is ready, and drained when it shuts down', async () => {
    const lab = await anAgonesLab();
    expect(await lab.state()).toBe('Scheduled');
    await lab.call('POST', '/health');
    expect(lab.told).toEqual(['hold']);
    await lab.call('POST', '/ready');
    expect([await lab.state(), lab.told]).toEqual(['Ready', ['hold', 'ready']]);
    await lab.call('POST', '/shutdown');
    expect([await lab.state(), lab.told]).toEqual(['Shutdown', ['hold', 'ready', 'drain']]);
  });

  it('is allocated by its first client, and by its own word; seats go on', async () => {
    const lab = await anAgonesLab();
    await lab.call('POST', '/ready');
    lab.sessions = 1;
    expect(await lab.state()).toBe('Allocated');
    lab.sessions = 0;
    expect(await lab.state()).toBe('Ready');
    await lab.call('POST', '/allocate');
    expect([await lab.state(), lab.told]).toEqual(['Allocated', ['hold', 'ready', 'ready']]);
  });

  it('is reserved for so long, then ready again by itself', async () => {
    const lab = await anAgonesLab();
    await lab.call('POST', '/ready');
    await lab.call('POST', '/reserve', { seconds: '5' });
    await lab.pass(4_000);
    expect([await lab.state(), lab.told.at(-1)]).toEqual(['Reserved', 'hold']);
    await lab.pass(1_000);
    expect([await lab.state(), lab.told.at(-1)]).toEqual(['Ready', 'ready']);
  });

  it('stays reserved without a time, and what it counts meanwhile does not end that', async () => {
    const lab = await anAgonesLab();
    await lab.call('POST', '/ready');
    await lab.call('POST', '/reserve', { seconds: '5' });
    await lab.call('PUT', '/metadata/label', { key: 'k', value: 'v' });
    await lab.pass(5_000);
    expect(await lab.state()).toBe('Ready');
    await lab.call('POST', '/reserve', {});
    await lab.call('POST', '/health');
    await lab.pass(10_000);
    expect(await lab.state()).toBe('Reserved');
  });

  it('is dead when it no longer calls Health, and alive again when it does', async () => {
    const lab = await anAgonesLab();
    await expect(lab.desk.adapter.query()).rejects.toThrow('load.query-failed');
    await lab.call('POST', '/ready');
    await lab.pass(HEALTH_SECONDS * 1_000 - 1);
    expect(await lab.desk.adapter.query()).toMatchObject({ sessions: 0, capacity: 4 });
    await lab.pass(1);
    await expect(lab.desk.adapter.query()).rejects.toThrow('load.query-failed');
    expect(await lab.state()).toBe('Unhealthy');
    await lab.call('POST', '/health');
    expect(await lab.state()).toBe('Ready');
  });

  it('has its players as sessions, with their names', async () => {
    const lab = await anAgonesLab();
    await lab.call('POST', '/ready');
    await lab.call('POST', '/alpha/player/connect', { playerID: 'ann' });
    await lab.call('PUT', '/alpha/player/capacity', { count: '3' });
    expect(await lab.desk.adapter.query()).toEqual({ sessions: 1, capacity: 3, participants: ['ann'] });
  });

  it('has a counter or a list as sessions where that is said', async () => {
    const counter = await anAgonesLab({ kind: 'counter', name: 'rooms' });
    await counter.call('POST', '/health');
    expect(await counter.desk.adapter.query()).toMatchObject({ sessions: 1, capacity: 10 });
    const list = await anAgonesLab({ kind: 'list', name: 'members' });
    await list.call('POST', '/health');
    await list.call('POST', '/v1beta1/lists/members:addValue', { value: 'ann' });
    expect(await list.desk.adapter.query()).toEqual({ sessions: 1, capacity: 2, participants: ['ann'] });
  });

  it('gives signs of life where sessions are the tickets that clients show', async () => {
    const lab = await anAgonesLab({ kind: 'tickets' });
    await lab.pass(1_000);
    expect(lab.reports).toEqual([]);
    await lab.call('POST', '/ready');
    await lab.call('POST', '/alpha/player/connect', { playerID: 'ann' });
    expect(lab.lines.join()).toContain('--load agones would count them');
    await lab.pass(1_000);
    expect(lab.reports.at(-1)).toEqual({ sessions: [], capacity: 4, participants: ['ann'] });
    await lab.pass(HEALTH_SECONDS * 1_000);
    const count = lab.reports.length;
    await lab.pass(1_000);
    expect(lab.reports).toHaveLength(count);
  });

  it('needs no Health where the game itself is asked', async () => {
    const lab = await anAgonesLab({ kind: 'query' });
    await lab.call('POST', '/ready');
    await lab.pass(HEALTH_SECONDS * 2_000);
    expect(await lab.state()).toBe('Ready');
  });

  it('goes on where it was when its agent starts anew', async () => {
    const lab = await anAgonesLab();
    await lab.call('POST', '/ready');
    await lab.call('POST', '/alpha/player/connect', { playerID: 'ann' });
    const next = await lab.again();
    expect([await next.state(), next.told]).toEqual(['Ready', []]);
    expect(await next.desk.adapter.query()).toMatchObject({ sessions: 1 });
    await next.call('POST', '/shutdown');
    expect((await next.again()).told).toEqual(['drain']);
  });

  it('begins with nobody when it starts anew itself', async () => {
    const lab = await anAgonesLab();
    await lab.call('POST', '/ready');
    await lab.call('POST', '/alpha/player/connect', { playerID: 'ann' });
    await lab.call('PATCH', '/v1beta1/counters/rooms', { count: 7 });
    await lab.call('POST', '/ready');
    expect(lab.desk.facts.players.ids).toEqual(['ann']);
    await lab.call('POST', '/shutdown');
    await lab.call('POST', '/ready');
    expect(lab.desk.facts.players.ids).toEqual([]);
    expect(lab.desk.facts.counters['rooms']).toEqual({ count: 1, capacity: 10 });
  });
});
