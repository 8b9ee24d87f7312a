import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLIENT_SIDES, ipv6Router, nat, serverFirewall, UDP_TIMEOUT_MS } from './kinds.ts';
import { missingForLab, NatLab, type Part } from './lab.ts';
import { GAME_PORT, PROBE_PORT, PUBLIC } from './places.ts';
import { askByTcp, askDoor, firstKeepalive, punchArrives, pushAfterIdle, sdk, sessionAfterIdle } from './questions.ts';

const PAGE = 'docs/NAT.md';
const missing = missingForLab();
if (missing !== undefined) console.log(`the NAT lab cannot be built here: ${missing}`);

type Row = readonly string[];

/** Tables as they stand in the page, by their titles. */
const tables = new Map<string, string>();

function keep(title: string, head: Row, rows: readonly Row[]): void {
  const line = (cells: Row): string => `| ${cells.join(' | ')} |`;
  const table = [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
  tables.set(title, table);
  console.log(`${title}\n${table}\n`);
}

describe.skipIf(missing !== undefined)('clients behind NATs', () => {
  let lab: NatLab;
  beforeAll(async () => {
    lab = await NatLab.open();
  });
  afterAll(() => lab?.close());

  it('get the door’s answer always, and the server’s where nothing filters', async () => {
    const rows: Row[] = [];
    for (const [name, chain] of CLIENT_SIDES) {
      await lab.build(chain);
      const answers = [await askDoor(lab, 'door'), await askDoor(lab, 'server'), await askDoor(lab, 'notify')];
      const byTcp = new Set([
        await askByTcp(lab, 'door'),
        await askByTcp(lab, 'server'),
        await askByTcp(lab, 'notify'),
      ]);
      const sessions = new Set([
        await sdk(lab, 'door', 'udp'),
        await sdk(lab, 'server', 'udp'),
        await sdk(lab, 'notify', 'udp'),
      ]);
      rows.push([name, ...answers, await punchArrives(lab), [...byTcp].join(), [...sessions].join()]);
    }
    keep(
      'Before clients',
      [
        'NAT of the client',
        '`answers: door`',
        '`answers: server`',
        '`notify`',
        'its byte',
        'TCP, all three',
        'SDK, all three',
      ],
      rows,
    );
    const open = ['from the door', 'from the server', 'from the door', 'arrives', 'from the door', 'udp'];
    const shut = ['from the door', 'lost; repeat: from the door', 'from the door', 'dropped', 'from the door', 'udp'];
    const expected = CLIENT_SIDES.map(([name]) => [name, ...(/restricted|symmetric/.test(name) ? shut : open)]);
    expect(rows).toEqual(expected);
  });

  it('reach servers behind firewalls where these were told of them', async () => {
    const rows: Row[] = [];
    for (const filtering of ['address', 'address-port'] as const) {
      for (const [name, chain] of CLIENT_SIDES.slice(0, 4)) {
        const parts: readonly Part[] = [...chain, serverFirewall(filtering)];
        await lab.build(parts);
        const untold = await firstKeepalive(lab, 'door');
        await lab.build(parts);
        const same = await firstKeepalive(lab, 'notify', { isSameSocket: true });
        await lab.build(parts);
        const other = await firstKeepalive(lab, 'notify');
        await lab.build([...chain, serverFirewall(filtering, lab.allowFile)]);
        const ruled = await firstKeepalive(lab, 'notify', { needsRule: true });
        rows.push([filtering, name, untold, same, other, ruled]);
      }
    }
    keep(
      'Before servers',
      [
        'the firewall lets in by',
        'NAT of the client',
        'not told',
        '`notify`, same socket',
        '`notify`, new socket',
        '`--on-client`',
      ],
      rows,
    );
    const clients = CLIENT_SIDES.slice(0, 4).map(([name]) => name);
    expect(rows).toEqual([
      ...clients.map((name) => ['address', name, 'dropped', 'passes', 'passes', 'passes']),
      ...clients.map((name) => {
        return ['address-port', name, 'dropped', name === 'symmetric' ? 'dropped' : 'passes', 'dropped', 'passes'];
      }),
    ]);
  });

  it('hear a push after three minutes only if they spoke to that port within the NAT’s time', async () => {
    const rows: Row[] = [];
    for (const seconds of [15, 20, 25, 60]) {
      const row = [`${seconds} s`];
      for (const chain of [[nat('port-restricted')], [nat('full cone')]]) {
        for (const port of [GAME_PORT, PROBE_PORT]) {
          await lab.build(chain);
          row.push(await pushAfterIdle(lab, seconds, port));
        }
      }
      rows.push(row);
    }
    const where = ['to the game', 'to the probe port'];
    const head = ['port-restricted', 'full cone'].flatMap((kind) => where.map((port) => `${kind}, ${port}`));
    keep(`Keepalives against a NAT of ${UDP_TIMEOUT_MS / 1_000} s`, ['one word each', ...head], rows);
    const inTime = ['arrives', 'lost', 'arrives', 'arrives'];
    expect(rows).toEqual([
      ...['15 s', '20 s', '25 s'].map((each) => [each, ...inTime]),
      ['60 s', 'lost', 'lost', 'lost', 'lost'],
    ]);
  });

  it('hear it in any NAT that waits longer than they are silent', async () => {
    const every = [20, 60] as const;
    const rows: Row[] = [];
    for (const seconds of [15, 60, 120, 300]) {
      const row = [`${seconds} s`];
      for (const each of every) {
        await lab.build([nat('port-restricted', PUBLIC, seconds * 1_000)]);
        row.push(await pushAfterIdle(lab, each, GAME_PORT));
      }
      rows.push(row);
    }
    keep('NATs of other times', ['the NAT waits', ...every.map((each) => `a word each ${each} s`)], rows);
    expect(rows).toEqual([
      ['15 s', 'lost', 'lost'],
      ['60 s', 'arrives', 'arrives'],
      ['120 s', 'arrives', 'arrives'],
      ['300 s', 'arrives', 'arrives'],
    ]);
  });

  it('keep their place in the NAT by keepalives, over UDP and over TCP', async () => {
    const rows: Row[] = [];
    for (const [name, blocked] of [
      ['nothing', []],
      ['UDP', ['udp']],
    ] as const) {
      const row: string[] = [name];
      for (const each of [20, 40]) {
        await lab.build([nat('port-restricted')], blocked);
        row.push(await sessionAfterIdle(lab, 3, each));
      }
      rows.push(row);
    }
    keep('Sessions of the SDK', ['blocked', 'keepalive each 20 s', 'keepalive each 40 s'], rows);
    expect(rows).toEqual([
      ['nothing', 'udp: goes on, seen at the same place', 'udp: goes on, seen at another place'],
      ['UDP', 'tcp: goes on, seen at the same place', 'tcp: goes on, seen at another place'],
    ]);
  });

  if (process.env['NAT_REAL'] !== undefined) {
    it('hear a push after three real minutes', { timeout: 240_000 }, async () => {
      await lab.build([nat('port-restricted')]);
      expect(await pushAfterIdle(lab, 20, GAME_PORT, { isReal: true })).toBe('arrives');
    });
  }

  it('come in by TCP where UDP is blocked, and by HTTP where that is too', async () => {
    const rows: Row[] = [];
    const walls = [
      ['nothing', [], 'udp'],
      ['UDP', ['udp'], 'tcp'],
      ['UDP, and TCP but for 80', ['udp', `tcp ${PROBE_PORT}`], 'http'],
    ] as const;
    for (const [name, blocked, best] of walls) {
      await lab.build([nat('port-restricted')], blocked);
      rows.push([name, await sdk(lab, 'server', best)]);
    }
    keep('Ways to the door', ['blocked', 'SDK, `answers: server`'], rows);
    expect(rows.map(([, way]) => way)).toEqual(['udp', 'tcp', 'http']);
  });

  it('need no NAT with IPv6, whose routers filter all the same', async () => {
    const rows: Row[] = [];
    for (const filtering of ['none', 'address-port'] as const) {
      await lab.build([ipv6Router(filtering)]);
      const answers = [
        await askDoor(lab, 'door', 1),
        await askDoor(lab, 'server', 1),
        await sdk(lab, 'server', 'udp', 1),
      ];
      rows.push([filtering === 'none' ? 'lets all in' : 'lets in what was asked for', ...answers]);
    }
    keep(
      'Routers of IPv6',
      ['router of the client', '`answers: door`', '`answers: server`', 'SDK, `answers: server`'],
      rows,
    );
    expect(rows.map(([, ...cells]) => cells)).toEqual([
      ['from the door', 'from the server', 'udp'],
      ['from the door', 'lost; repeat: from the door', 'udp'],
    ]);
  });

  it('are what the page says', () => {
    let page = readFileSync(PAGE, 'utf8');
    for (const [title, table] of tables) {
      const place = new RegExp(`(### ${title}\\n\\n)(?:\\|.*\\n)*`);
      expect(page, `a place for "${title}"`).toMatch(place);
      if (process.env['NAT_PAGE'] === 'write') page = page.replace(place, `$1${table}\n`);
      expect(page).toContain(`### ${title}\n\n${table}\n`);
    }
    if (process.env['NAT_PAGE'] === 'write') writeFileSync(PAGE, page);
    expect(tables.size).toBe(7);
  });
});
