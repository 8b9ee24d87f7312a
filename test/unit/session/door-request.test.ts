import { describe, expect, it } from 'vitest';
import { ownAddress } from '../../../core/session/door-request.ts';
import type { Endpoint } from '../../../core/session/types.ts';
import { toWireAddress } from '../../../core/wire/address.ts';
import { encodeResponse } from '../../../core/wire/encode-response.ts';
import type { ResponseFields } from '../../../core/wire/packet.ts';
import { aWorld } from '../../support/session-world.ts';
import { readRequest } from '../../support/sim-servers.ts';

const ELSEWHERE: Endpoint = { address: Uint8Array.of(192, 0, 2, 66), port: 7_000 };

function bytesOf(fields: ResponseFields): Uint8Array {
  const encoded = encodeResponse(fields, { maxBytes: 1_200 });
  if (!encoded.ok) throw new Error(encoded.code);
  return encoded.bytes;
}

describe('ignored is an answer', () => {
  /** The door is silent, so that only what the test injects can answer. */
  function asking() {
    const world = aWorld();
    world.door.state = 'silent';
    world.run(100);
    const { localPort, bytes } = world.client.sent[0]!;
    const server = world.servers[0]!;
    const answer = world.door.grant(readRequest(bytes), server);
    return { ...world, localPort, server, answer };
  }

  it('with a nonce that is not outstanding', () => {
    const { client, door, localPort, answer } = asking();

    client.inject(localPort, door.at, bytesOf({ ...answer, nonce: new Uint8Array(8) }));

    expect(client.all('assigned')).toEqual([]);
  });

  it('from an address that was not asked', () => {
    const { client, localPort, answer } = asking();

    client.inject(localPort, ELSEWHERE, bytesOf(answer));

    expect(client.all('assigned')).toEqual([]);
  });

  it('from the right address but another port', () => {
    const { client, door, localPort, answer } = asking();

    client.inject(localPort, { ...door.at, port: 7_001 }, bytesOf(answer));

    expect(client.all('assigned')).toEqual([]);
  });

  it('from a server that the answer does not name', () => {
    const { client, localPort, servers, answer } = asking();

    client.inject(localPort, servers[1]!.at, bytesOf(answer));

    expect(client.all('assigned')).toEqual([]);
  });

  it('with an error from a server, since only the door refuses', () => {
    const { client, localPort, server, answer } = asking();

    client.inject(localPort, server.at, bytesOf({ ...answer, error: { code: 1, retryAfterMs: 0, reason: '' } }));

    expect(client.all('waiting')).toEqual([]);
  });

  it('of the other family', () => {
    const { client, door, localPort, answer } = asking();

    client.inject(localPort, door.at, bytesOf({ ...answer, address: new Uint8Array(16).fill(0x20) }));

    expect(client.all('assigned')).toEqual([]);
  });

  it('that is malformed or classic', () => {
    const { client, door, localPort, answer } = asking();

    client.inject(localPort, door.at, bytesOf(answer).subarray(1));
    client.inject(localPort, door.at, Uint8Array.of(0, 8, 0xff, 0xff, 203, 0, 113, 1));

    expect(client.all('assigned')).toEqual([]);
  });

  it('except from the probe port of the very server that it names', () => {
    const { client, localPort, server, answer } = asking();

    client.inject(localPort, server.at, bytesOf(answer));

    expect(client.all('assigned')).toMatchObject([{ grant: { server: { id: server.id } } }]);
  });
});

describe('the address in a request', () => {
  it('is the client’s own where it is known, else zeroes of the family asked for', () => {
    const known = { 4: Uint8Array.of(192, 168, 1, 7) };

    expect(ownAddress(known, 4)).toEqual(toWireAddress(known[4]));
    expect(ownAddress({}, 4)).toEqual(toWireAddress(new Uint8Array(4)));
    expect(ownAddress(known, 6)).toEqual(new Uint8Array(16));
  });
});
