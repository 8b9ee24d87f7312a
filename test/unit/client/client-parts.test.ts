import { describe, expect, it } from 'vitest';
import { Emitter } from '../../../client/events.ts';
import { localAddresses } from '../../../client/local-address.ts';
import { familyOf, resolveDoor, toBytes } from '../../../client/resolve.ts';
import { familyBehind } from '../../../core/session/nat64.ts';

describe('an emitter', () => {
  it('calls listeners in order until they are removed', () => {
    const emitter = new Emitter<{ ping: number }>();
    const heard: string[] = [];
    const off = emitter.on('ping', (value) => heard.push(`one ${value}`));
    emitter.on('ping', (value) => heard.push(`two ${value}`));

    emitter.emit('ping', 1);
    off();
    off();
    emitter.emit('ping', 2);

    expect(heard).toEqual(['one 1', 'two 1', 'two 2']);
  });

  it('removes one of two listeners that are the same function', () => {
    const emitter = new Emitter<{ ping: number }>();
    let count = 0;
    const listener = (): void => {
      count++;
    };
    const off = emitter.on('ping', listener);
    emitter.on('ping', listener);

    off();
    emitter.emit('ping', 1);

    expect(count).toBe(1);
  });

  it('serves the others although a listener throws, and reports the fault as uncaught', async () => {
    const emitter = new Emitter<{ ping: number }>();
    let heard = 0;
    emitter.on('ping', () => {
      throw new Error('a listener’s fault');
    });
    emitter.on('ping', (value) => {
      heard = value;
    });
    const fault = new Promise<Error>((resolve) => {
      const others = process.listeners('uncaughtException');
      process.removeAllListeners('uncaughtException');
      process.once('uncaughtException', (error) => {
        for (const other of others) process.on('uncaughtException', other);
        resolve(error);
      });
    });

    emitter.emit('ping', 7);

    expect(heard).toBe(7);
    expect((await fault).message).toBe('a listener’s fault');
  });
});

describe('addresses', () => {
  it('of Node are read with zones and mapped forms', () => {
    expect(toBytes('fe80::1%eth0')).toHaveLength(16);
    expect(toBytes('::ffff:192.168.1.7')).toEqual(Uint8Array.of(192, 168, 1, 7));
    expect(toBytes('play.example.com')).toBeUndefined();
    expect([familyOf(new Uint8Array(4)), familyOf(new Uint8Array(16))]).toEqual([4, 6]);
  });

  it('of this machine are of their family, and none is a loopback', () => {
    const { 4: ipv4, 6: ipv6 } = localAddresses();

    expect(ipv4?.length ?? 4).toBe(4);
    expect(ipv4?.[0]).not.toBe(127);
    expect(ipv6?.length ?? 16).toBe(16);
  });

  it('of a name are what its resolver gives: families alternating, one of them only where that is wanted', async () => {
    const resolve = async () => ['2001:db8::1', '2001:db8::2', '203.0.113.1', '203.0.113.2', '203.0.113.1', 'odd'];
    const order = async (family: 'auto' | 4 | 6) =>
      (await resolveDoor({ host: 'door.example.com', port: 7000 }, family, resolve)).map(({ address }) =>
        address.at(-1),
      );

    expect(await order('auto')).toEqual([1, 1, 2, 2]);
    expect((await resolveDoor({ host: 'x', port: 1 }, 'auto', resolve)).map(({ address }) => address.length)).toEqual([
      16, 4, 16, 4,
    ]);
    expect([await order(4), await order(6)]).toEqual([
      [1, 2],
      [1, 2],
    ]);
    // A phone on a network with IPv6 alone: what its DNS64 makes of the door's IPv4 address.
    const dns64 = async () => ['64:ff9b::203.0.113.9'];
    const [door] = await resolveDoor({ host: 'door.example.com', port: 7000 }, 'auto', dns64);
    expect([familyOf(door!.address), familyBehind(door!.address)]).toEqual([6, 4]);
  });

  it('of a door that is numeric need no resolver', async () => {
    expect(await resolveDoor({ host: '203.0.113.9', port: 7000 }, 'auto')).toEqual([
      { address: Uint8Array.of(203, 0, 113, 9), port: 7000 },
    ]);
    expect(await resolveDoor({ host: '203.0.113.9', port: 7000 }, 6)).toEqual([]);
  });

  it('of a name are all of its addresses in the family wanted', async () => {
    const doors = await resolveDoor({ host: 'localhost', port: 7000 }, 4);

    expect(doors).toEqual([{ address: Uint8Array.of(127, 0, 0, 1), port: 7000 }]);
  });
});
