import { describe, expect, it } from 'vitest';
import { type Item, type MalformedRow, placementAttributes, rowOfItem } from '../../../adapters/dynamodb/row-item.ts';
import { rowChanges } from '../../../adapters/dynamodb/stream.ts';
import { aServer } from '../../support/builders.ts';

const KEY = 'SRV#AROAEXAMPLE:i-0a#0';

function anItem(change: Record<string, unknown> = {}): Item {
  const counts = ['free', 'issued', 'beat', 'capacity', 'hb', 'sessions'].map((name, n) => [name, { N: String(n) }]);
  const placement = Object.entries(placementAttributes(aServer().server)).filter(([, value]) => value !== undefined);
  return {
    pk: { S: KEY },
    kind: { S: 'srv' },
    ...Object.fromEntries([...counts, ...placement]),
    ...{ gen: { S: '00000000000000a1' }, last: { S: 't' }, state: { S: 'ready' } },
    ...change,
  } as Item;
}

function read(item: Item) {
  const reports: MalformedRow[] = [];
  return { row: rowOfItem(item, (report) => reports.push(report)), problems: reports.map(({ problem }) => problem) };
}

describe('row items', () => {
  it('are read with seats and placement, whatever attributes come later', () => {
    const { row, problems } = read(anItem({ invented: { L: [] }, ttl: { N: '5' } }));
    expect(row).toStrictEqual({
      key: KEY,
      suspect: false,
      seats: {
        ...{ free: 0, issued: 1, beat: 2, capacity: 3, hb: 4, sessions: 5 },
        ...{ gen: '00000000000000a1', last: 't', state: 'ready' },
      },
      placement: aServer().server,
    });
    expect(problems).toEqual([]);
  });

  it.each([
    ['free', { S: '1' }, '`free` must be a whole number from 0, got: {"S":"1"}'],
    ['free', { N: '-1' }, '`free` must be a whole number from 0, got: {"N":"-1"}'],
    ['issued', { N: '1e30' }, '`issued` must be a whole number from 0, got: {"N":"1e30"}'],
    ['beat', undefined, '`beat` must be a whole number from 0, got: nothing'],
    ['state', { S: 'asleep' }, '`state` must be a state, got: {"S":"asleep"}'],
    ['gen', { N: '1' }, '`gen` must be a text, got: {"N":"1"}'],
    ['pk', { S: 'SRV#nobody' }, '`pk` must be the key of a server row, got: "SRV#nobody"'],
  ])('are skipped and reported when %s is %j', (name, value, problem) => {
    expect(read(anItem({ [name]: value }))).toEqual({ row: undefined, problems: [problem] });
  });

  it.each([
    ['ports', { M: { game: { S: '1' } } }],
    ['labels', { S: 'x' }],
    ['id', undefined],
    ['ipv4', { N: '1' }],
    ['maxCapacity', { N: '0.5' }],
  ])('count as not verified and are reported when %s is %j', (name, value) => {
    const { row, problems } = read(anItem({ [name]: value }));
    expect(row?.seats?.gen).toBe('00000000000000a1');
    expect(row?.placement).toBeUndefined();
    expect(problems).toHaveLength(1);
  });

  it('count as not verified until the registrar says so', () => {
    expect(read(anItem({ verified: undefined }))).toMatchObject({ row: { key: KEY }, problems: [] });
    expect(read(anItem({ verified: { BOOL: false } })).row?.placement).toBeUndefined();
  });

  it('stay below 1 KB, one write unit, with the longest placement that the registrar writes', () => {
    const long = 'ü'.repeat(16);
    const { server } = aServer({
      ...{
        id: 'i-0123456789abcdef0.100',
        app: long,
        world: long,
        group: long,
        ipv6: '2001:0db8:ffff:ffff:ffff:ffff:ffff:ffff',
      },
      ports: Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`role-of-port-${n}`, 65_000 + n])),
      labels: Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`label-${n}`, 'x'.repeat(24)])),
    });
    const item = anItem(placementAttributes(server));
    expect(sizeOf(item)).toBeLessThan(1_024);
  });
});

describe('batches of the stream', () => {
  const changes = (...records: readonly { readonly Keys: Item; readonly NewImage?: Item }[]) => {
    const reports: MalformedRow[] = [];
    const result = rowChanges({ Records: records.map((dynamodb) => ({ dynamodb })) }, (report) => reports.push(report));
    return { rows: result.rows.map((row) => [row.key, row.seats?.beat]), removed: result.removed, reports };
  };
  const keys = (pk: string): Item => ({ pk: { S: pk } });
  const image = (pk: string, beat: number) => ({
    Keys: keys(pk),
    NewImage: anItem({ pk: { S: pk }, beat: { N: String(beat) } }),
  });

  it('give each row as it was last, deleted ones by key, and nothing of other items', () => {
    expect(
      changes(
        image('SRV#r:a#0', 1),
        image('SRV#r:b#0', 1),
        { Keys: keys('ROSTER#INDEX'), NewImage: { pk: { S: 'ROSTER#INDEX' } } },
        image('SRV#r:a#0', 2),
        { Keys: keys('SRV#r:b#0') },
        { Keys: keys('SRV#r:c#0') },
        image('SRV#r:c#0', 9),
      ),
    ).toEqual({
      rows: [
        ['SRV#r:a#0', 2],
        ['SRV#r:c#0', 9],
      ],
      removed: ['SRV#r:b#0'],
      reports: [],
    });
  });

  it('skip an image that cannot be read and keep the one before', () => {
    const broken = { Keys: keys('SRV#r:a#0'), NewImage: anItem({ pk: { S: 'SRV#r:a#0' }, free: { S: '' } }) };
    const { rows, removed, reports } = changes(image('SRV#r:a#0', 1), broken);
    expect({ rows, removed }).toEqual({ rows: [['SRV#r:a#0', 1]], removed: [] });
    expect(reports).toHaveLength(1);
  });
});

/** Size as DynamoDB counts it: names and texts in UTF-8, numbers by two digits a byte, a few bytes around each. */
function sizeOf(item: Item): number {
  const utf8 = (text: string) => new TextEncoder().encode(text).length;
  return Object.entries(item).reduce((sum, [name, value]) => {
    const own = value?.S !== undefined ? utf8(value.S) : value?.N !== undefined ? Math.ceil(value.N.length / 2) + 1 : 1;
    return sum + utf8(name) + (value?.M ? 3 + sizeOf(value.M) : own);
  }, 0);
}
