import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../../adapters/memory/registry-store.ts';
import { type DescribedInstance, judgeRow, type RegistrarSettings } from '../../../core/registry/registrar.ts';
import { registrarPass } from '../../../core/registry/registrar-pass.ts';
import { type Placement, rowKey } from '../../../core/registry/row.ts';
import { aServer } from '../../support/builders.ts';

const SETTINGS: RegistrarSettings = { defaultApp: 'world', probePort: 7_000, maxSlots: 64 };
const KEY = rowKey('AROAEXAMPLE:i-0a', 0);
const GEN = '00000000000000a1';

function anInstance(options: Partial<DescribedInstance> & { plus?: Record<string, string> } = {}): DescribedInstance {
  const { plus, ...rest } = options;
  return {
    id: 'i-0a',
    state: 'running',
    publicIpv4: '203.0.113.7',
    zone: 'eu-central-1a',
    tags: { 'onedoor:capacity': '50', 'onedoor:port:game': '7777', ...plus },
    ...rest,
  };
}

function placed(key: string, instance: DescribedInstance): Placement {
  const verdict = judgeRow(key, false, instance, SETTINGS);
  if (verdict.kind !== 'place') throw new Error(JSON.stringify(verdict));
  return verdict.placement;
}

function leftBecause(instance: DescribedInstance | undefined, key = KEY): string {
  const verdict = judgeRow(key, false, instance, SETTINGS);
  return verdict.kind === 'leave' ? verdict.reason : verdict.kind;
}

describe('registrar', () => {
  it('places a machine by what EC2 says, with defaults for what no tag says', () => {
    expect(placed(KEY, anInstance())).toStrictEqual({
      id: 'i-0a.0',
      ipv4: '203.0.113.7',
      ports: { game: 7_777, probe: 7_000 },
      zone: 'eu-central-1a',
      app: 'world',
      world: 'main',
      group: 'main',
      labels: {},
      maxCapacity: 50,
    });
  });

  it('takes app, world, group, labels and ports from the tags', () => {
    const tags = {
      'onedoor:app': 'arena',
      'onedoor:world': 'winter',
      'onedoor:group': 'eu',
      'onedoor:label:map': 'dust 2',
      'onedoor:label:tier': 'gold',
      'onedoor:port:probe': '7100',
      'onedoor:port:voice': '9000',
      Name: 'not ours',
    };
    expect(placed(KEY, anInstance({ plus: tags, ipv6: '2001:db8::7' }))).toMatchObject({
      ipv6: '2001:db8::7',
      app: 'arena',
      world: 'winter',
      group: 'eu',
      labels: { map: 'dust 2', tier: 'gold' },
      ports: { game: 7_777, probe: 7_100, voice: 9_000 },
    });
  });

  it('gives slot n the ports + n and its own id', () => {
    const third = placed(rowKey('AROAEXAMPLE:i-0a', 2), anInstance({ plus: { 'onedoor:slots': '3' } }));
    expect(third).toMatchObject({ id: 'i-0a.2', ports: { game: 7_779, probe: 7_002 } });
  });

  it('places a machine that has an IPv6 address alone', () => {
    const { publicIpv4: _, ...rest } = anInstance({ ipv6: '2001:db8::7' });
    expect(placed(KEY, rest)).not.toHaveProperty('ipv4');
  });

  it.each([
    ['a slot that the machine does not have', rowKey('A:i-0a', 1), {}, 'the slot must be below'],
    ['no capacity', KEY, { 'onedoor:capacity': '' }, '`onedoor:capacity` must be a whole number between 1 and 1000000'],
    ['no seats', KEY, { 'onedoor:capacity': '0' }, '`onedoor:capacity`'],
    ['too many slots', KEY, { 'onedoor:slots': '65' }, '`onedoor:slots` must be a whole number between 1 and 64'],
    ['a port that is none', KEY, { 'onedoor:port:game': '70000' }, '`onedoor:port:game`'],
    [
      'a port that is none for this slot',
      rowKey('A:i-0a', 1),
      { 'onedoor:slots': '2', 'onedoor:port:game': '65535' },
      '`onedoor:port:game` must be a whole number between 1 and 65534',
    ],
    ['a role with odd letters', KEY, { 'onedoor:port:G!': '1' }, '`onedoor:port:G!` must be named by a role'],
    ['an empty app', KEY, { 'onedoor:app': '' }, '`onedoor:app` must be 1 to 32 bytes'],
    ['a long world', KEY, { 'onedoor:world': 'ü'.repeat(17) }, '`onedoor:world` must be 1 to 32 bytes'],
    ['a group with a line end', KEY, { 'onedoor:group': 'a\nb' }, '`onedoor:group`'],
    ['a long label', KEY, { 'onedoor:label:map': 'x'.repeat(33) }, '`onedoor:label:map`'],
    ['a label without a name', KEY, { 'onedoor:label:': 'x' }, '`onedoor:label:` must be named'],
    [
      'nine labels',
      KEY,
      Object.fromEntries([...'abcdefghi'].map((l) => [`onedoor:label:${l}`, 'x'])),
      'at most 8 tags',
    ],
    ['a machine with a long name', rowKey(`A:${'m'.repeat(23)}`, 0), {}, 'the server id must be at most 24 bytes'],
    ['a machine with an odd name', rowKey('A:mä', 0), {}, 'the server id must be at most 24 bytes of ASCII'],
  ])('leaves %s, and says why', (_title, key, plus, reason) => {
    expect(leftBecause(anInstance({ plus }), key)).toContain(reason);
  });

  it('says everything that is wrong at once', () => {
    const { publicIpv4: _, ...rest } = anInstance({ tags: {} });
    const reason = leftBecause(rest);
    for (const part of ['onedoor:capacity', 'onedoor:port:game', 'no public address']) expect(reason).toContain(part);
  });

  it('never touches what the operator enrolled', () => {
    expect(leftBecause(anInstance({ state: 'terminated' }), 'SRV#op:i-0a#0')).toContain('enrolled');
  });

  it('buries rows of machines that end, and waits for one that EC2 does not know yet', () => {
    for (const state of ['shutting-down', 'terminated']) expect(leftBecause(anInstance({ state }))).toBe('bury');
    expect(leftBecause(undefined)).toBe('EC2 knows no such machine.');
    expect(judgeRow(KEY, true, undefined, SETTINGS).kind).toBe('bury');
  });
});

describe('registrar pass', () => {
  async function world(machines: readonly DescribedInstance[]) {
    const store = createMemoryStore();
    const asked: string[][] = [];
    const pass = async (wallMs = 10_000) =>
      registrarPass({
        store,
        settings: SETTINGS,
        wallMs,
        rows: await store.list(),
        describe: async (ids) => {
          asked.push([...ids]);
          return new Map(machines.filter(({ id }) => ids.includes(id)).map((machine) => [machine.id, machine]));
        },
      });
    const make = (key: string) => store.write(key, { kind: 'create', gen: GEN, nowMs: 1_000 });
    return { store, asked, pass, make };
  }

  it('places new rows, asking once for all slots of a machine, and writes nothing the second time', async () => {
    const { store, asked, pass, make } = await world([anInstance({ plus: { 'onedoor:slots': '2' } })]);
    const keys = [0, 1].map((slot) => rowKey('AROAEXAMPLE:i-0a', slot));
    for (const key of keys) await make(key);
    expect(await pass()).toEqual({ placed: keys, buried: [], forgotten: [], left: [] });
    expect(asked).toEqual([['i-0a']]);
    expect((await store.get(keys[1]!))?.placement?.ports['game']).toBe(7_778);
    expect(await pass()).toEqual({ placed: [], buried: [], forgotten: [], left: [] });
  });

  it('asks nothing when there is no row of its own', async () => {
    const { store, asked, pass, make } = await world([]);
    await store.enrol('SRV#op:box#0', aServer({ id: 'box.0' }).server);
    await make('SRV#op:box#0');
    await store.enrol('SRV#op:box#1', aServer({ id: 'box.1' }).server);
    expect(await pass()).toEqual({ placed: [], buried: [], forgotten: [], left: [] });
    expect(asked).toEqual([]);
  });

  it('says which rows it left, and why', async () => {
    const { pass, make } = await world([]);
    await make(KEY);
    expect((await pass()).left).toEqual([{ key: KEY, reason: 'EC2 knows no such machine.' }]);
  });

  it('buries the rows of a terminated machine once, and forgets them after a day', async () => {
    const { store, pass, make } = await world([anInstance({ state: 'terminated' })]);
    await make(KEY);
    expect((await pass()).buried).toEqual([KEY]);
    expect(await pass(1_000 + 86_400_000)).toEqual({ placed: [], buried: [], forgotten: [], left: [] });
    expect((await pass(1_001 + 86_400_000)).forgotten).toEqual([KEY]);
    expect(await store.get(KEY)).toBeUndefined();
  });
});
