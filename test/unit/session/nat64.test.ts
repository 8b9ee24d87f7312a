import { describe, expect, it } from 'vitest';
import { familyBehind, grantLike, reachedLike } from '../../../core/session/nat64.ts';
import type { NamedServer } from '../../../core/session/types.ts';
import { parseAddress, toWireAddress } from '../../../core/wire/address.ts';
import { aWorld, type WorldOptions } from '../../support/session-world.ts';

/** An IPv4 address as a phone on a network with IPv6 alone reaches it. */
function translated(address: Uint8Array): Uint8Array {
  const bytes = parseAddress('64:ff9b::')!.slice();
  bytes.set(address, 12);
  return bytes;
}

const DOOR = Uint8Array.of(198, 51, 100, 9);

/** A world behind a translator: everybody has IPv4 alone, the client IPv6 alone. */
function aPhone(options: WorldOptions = {}) {
  const world = aWorld({
    ...options,
    client: { doors: [{ address: translated(DOOR), port: 7_000 }], ...options.client },
  });
  const { network, door, servers } = world;
  for (const listener of [door, ...servers]) {
    network.listen({ address: translated(listener.at.address), port: 7_000 }, listener);
  }
  return world;
}

describe('an address', () => {
  it('of the translator stands for IPv4, every other one for itself', () => {
    const native = parseAddress('2001:db8::5')!;
    expect([familyBehind(DOOR), familyBehind(translated(DOOR)), familyBehind(native)]).toEqual([4, 4, 6]);
    expect(reachedLike(DOOR, translated(DOOR))).toEqual(translated(DOOR));
    expect([reachedLike(DOOR, DOOR), reachedLike(DOOR, native), reachedLike(native, translated(DOOR))]).toEqual([
      DOOR,
      DOOR,
      native,
    ]);
    const server: NamedServer = { id: 'a.0', address: DOOR, ports: {} };
    const grant = { server, alternates: [server], keepalive: { intervalSeconds: 1, transmissions: 1, timeoutMs: 1 } };
    expect(grantLike(grant, native)).toBe(grant);
    expect(grantLike(grant, translated(DOOR)).alternates[0]!.address).toEqual(translated(DOOR));
  });
});

describe('a phone with IPv6 alone behind a translator', () => {
  it('asks for an IPv4 server, and gets it as the translator takes it', () => {
    const { client, door, servers, run } = aPhone();

    run(1_000);

    expect(door.requests[0]!.address.subarray(0, 12)).toEqual(toWireAddress(DOOR).subarray(0, 12));
    const [{ grant } = { grant: undefined }] = client.all('assigned');
    const server = servers.find(({ id }) => id === grant?.server.id);
    expect(grant?.server.address).toEqual(translated(server!.at.address));
    expect(server!.requests).toHaveLength(1);
  });

  it('finds another when that one dies: an alternate, then by the door', () => {
    const { client, servers, run } = aPhone({ servers: 3, door: { alternates: (all) => all.slice(1, 2) } });
    run(1_000);
    for (let n = 0; n < 2; n++) {
      const { server } = client.notices.flatMap(({ notice }) => ('grant' in notice ? [notice.grant] : [])).at(-1)!;
      servers.find(({ at }) => translated(at.address).join() === server.address.join())!.state = 'silent';
      run(30_000);
    }

    const moved = client.all('reassigned');
    expect(moved.length).toBe(2);
    for (const { grant } of moved) expect(grant.server.address).toHaveLength(16);
  });

  it('goes where its server sends it', () => {
    const { client, door, servers, run } = aPhone();
    run(1_000);
    const first = servers.find(({ id }) => id === client.all('assigned')[0]!.grant.server.id)!;
    const other = servers.find((server) => server !== first)!;
    first.reaction = (request) => ({ ...door.grant(request, other), nonce: request.nonce, movingMs: 30_000 });

    run(30_000);

    expect(client.all('reassigned')).toMatchObject([{ grant: { server: { id: other.id } } }]);
    expect(client.all('reassigned')[0]!.grant.server.address).toEqual(translated(other.at.address));
  });

  it('chooses too', () => {
    const choose = () => [{ id: 'i-2.0', address: translated(Uint8Array.of(203, 0, 113, 2)), ports: { probe: 7_000 } }];
    const { client, run } = aPhone({ client: { chooses: true, choose } });
    run(1_000);
    expect(client.all('assigned')).toMatchObject([{ grant: { server: { id: 'i-2.0' } } }]);
  });
});
