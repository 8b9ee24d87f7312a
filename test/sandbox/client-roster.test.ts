import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { roster } from '../../client/index.ts';
import { measure } from '../../client/ping.ts';
import { parseAddress } from '../../core/wire/address.ts';
import { WANT } from '../../core/wire/packet.ts';
import { paginateRoster, type RosterEntry } from '../../core/wire/roster-page.ts';
import { ScriptedDeployment } from '../support/scripted-deployment.ts';
import { type Received, type Script, type ScriptedPeer, startPeer, startServer } from '../support/scripted-peer.ts';
import { errorFields } from '../support/sim-servers.ts';

const here = new ScriptedDeployment();
afterEach(() => here.close());

const NOBODY = new Uint8Array(16);

function entries(count: number): RosterEntry[] {
  return Array.from({ length: count }, (_, n) => ({
    ...{ id: `s-${String(n).padStart(4, '0')}.0`, state: 'ready' as const, suspect: false, group: 'g1' },
    ...{ sessions: n, capacity: 200, free: 200 - n, ports: [{ role: 1, port: 7_000 }] },
    ipv4: Uint8Array.of(203, 0, 113, n % 250),
  }));
}

const pageFields = (request: Received, count: number, version = 1) => {
  const pages = paginateRoster(version, entries(count));
  return { address: NOBODY, nonce: request.nonce, rosterPage: pages[Math.min(request.page ?? 0, pages.length - 1)]! };
};

async function aLister(script: Script): Promise<ScriptedPeer> {
  return here.ownPeer(await startPeer(script));
}

const ask = (peer: ScriptedPeer) => roster({ door: `127.0.0.1:${peer.port}`, http: false, app: 'arena' });

describe('a roster in pages', () => {
  it('comes whole, each page once, asked for with the room that its answer needs', async () => {
    const peer = await aLister((request) => pageFields(request, 100));

    const { servers, via, version } = await ask(peer);

    expect([via, version, servers.length]).toEqual(['udp', 1, 100]);
    expect(servers[7]).toEqual({
      ...{ id: 's-0007.0', ipv4: '203.0.113.7', ports: { probe: 7_000 }, app: 'arena', group: 'g1' },
      ...{ status: 'ready', sessions: 7, capacity: 200, free: 193 },
    });
    expect(
      peer.requests.every(({ want, length, app }) => want === WANT.roster && length === 1_200 && app === 'arena'),
    ).toBe(true);
  });

  it('comes whole although some packets are lost', async () => {
    const seen = new Set<number>();
    const peer = await aLister((request) => {
      const page = request.page ?? 0;
      // The first packet for each odd page is lost.
      if (page % 2 === 1 && request.via === 'udp' && !seen.has(page)) {
        seen.add(page);
        return undefined;
      }
      return pageFields(request, 150);
    });

    expect((await ask(peer)).servers).toHaveLength(150);
  });

  it('is begun anew when it changes meanwhile: no page of the old one is in it', async () => {
    let asked = 0;
    const peer = await aLister((request) => pageFields(request, ++asked === 1 ? 60 : 40, asked === 1 ? 1 : 2));

    const { version, servers } = await ask(peer);

    expect([version, servers.length]).toEqual([2, 40]);
  });

  it('shows the cookie that a busy door asks for', async () => {
    const cookie = new Uint8Array(20).fill(7);
    const peer = await aLister((request) =>
      request.cookie ? pageFields(request, 60) : { ...errorFields(request, 9), cookie },
    );

    expect((await ask(peer)).servers).toHaveLength(60);
  });

  it('comes over TCP where UDP does not pass', async () => {
    const peer = await aLister((request) => pageFields(request, 60));
    peer.deaf.add('udp');

    const { via, servers } = await ask(peer);

    expect([via, servers.length]).toEqual(['tcp', 60]);
  });

  it('is refused at once where the name is wrong, and after a while where nobody has one', async () => {
    const wrong = await aLister((request) => errorFields(request, 2));
    await expect(ask(wrong)).rejects.toMatchObject({ code: 'assign.unknown-app' });
    expect(wrong.requests.filter(({ via }) => via === 'tcp')).toEqual([]);

    const away = await aLister((request) => errorFields(request, 6));
    await expect(ask(away)).rejects.toMatchObject({ code: 'assign.unavailable' });
  });

  it('ends with a code where it never stands still, or is no roster', async () => {
    let version = 0;
    const restless = await aLister((request) => pageFields(request, 60, ++version));
    await expect(ask(restless)).rejects.toMatchObject({ code: 'assign.unavailable' });

    const endless = await aLister((request) => ({
      ...{ address: NOBODY, nonce: request.nonce },
      rosterPage: { version: 1, page: request.page ?? 0, pages: 65_535, entries: [] },
    }));
    await expect(roster({ door: `127.0.0.1:${endless.port}`, http: false, timeoutMs: 1_500 })).rejects.toMatchObject({
      name: 'TimeoutError',
    });
  });
});

describe('pings', () => {
  it('measure who answers, and leave out who does not', async () => {
    const near = here.ownPeer(await startServer('near.0'));
    const mute = here.ownPeer(await startPeer(() => undefined, '127.0.0.2'));
    const named = [near, mute].map(({ host, port }, n) => ({
      id: `s${n}`,
      address: parseAddress(host)!,
      ports: { probe: port },
    }));

    const times = await measure(named, { type: undefined, random: randomBytes });

    expect([...times.keys()]).toEqual(['s0']);
    expect(times.get('s0')).toBeGreaterThan(0);
    expect(near.requests.every(({ client, ticket }) => client === undefined && ticket === undefined)).toBe(true);
  });
});
