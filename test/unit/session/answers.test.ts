import { describe, expect, it } from 'vitest';
import {
  doorAnswer,
  enrich,
  keepaliveAnswer,
  probePortOf,
  readResponsePacket,
  rhythmOf,
} from '../../../core/session/answers.ts';
import type { Grant, NamedServer } from '../../../core/session/types.ts';
import { toWireAddress } from '../../../core/wire/address.ts';
import { encodeResponse } from '../../../core/wire/encode-response.ts';
import type { ExtendedResponse, ResponseFields } from '../../../core/wire/packet.ts';

const KEEPALIVE = { intervalSeconds: 20, transmissions: 10, timeoutMs: 700 };
const SERVER: NamedServer = {
  id: 'i-1.0',
  address: Uint8Array.of(203, 0, 113, 1),
  ports: { game: 27_000, probe: 7_000 },
};

/** A response of SERVER through the codec, as a client gets it. */
function aResponse(fields: Partial<ResponseFields> = {}): ExtendedResponse {
  const encoded = encodeResponse(
    { address: toWireAddress(SERVER.address), nonce: new Uint8Array(8), keepalive: KEEPALIVE, ...fields },
    { maxBytes: 1_200 },
  );
  if (!encoded.ok) throw new Error(encoded.code);
  return readResponsePacket(encoded.bytes, undefined)!;
}

function grantOf(response: ExtendedResponse): Grant {
  const answer = doorAnswer(response, 4);
  if (!answer?.ok) throw new Error('no grant');
  return answer.grant;
}

describe('a response', () => {
  it('of another packet type is none', () => {
    expect(readResponsePacket(Uint8Array.of(0, 8, 0xff, 0xff, 1, 2, 3, 4), 0x1234)).toBeUndefined();
  });

  it('of zeroes of either family means: try again later', () => {
    for (const address of [new Uint8Array(16), toWireAddress(new Uint8Array(4))]) {
      expect(doorAnswer(aResponse({ address }), 4)).toMatchObject({ ok: false, code: 'assign.unavailable' });
    }
  });

  it('gives no alternate at all zeroes', () => {
    const nowhere = { address: toWireAddress(new Uint8Array(4)), gamePort: 27_000, probePort: 7_000 };
    const somewhere = { ...nowhere, address: toWireAddress(Uint8Array.of(203, 0, 113, 2)) };
    const { alternates } = grantOf(aResponse({ server: 'i-1.0', alternates: [nowhere, somewhere] }));
    expect(alternates.map(({ address }) => [...address])).toEqual([[203, 0, 113, 2]]);
  });

  it('gives server, ports by name, ticket and alternates', () => {
    const grant = grantOf(
      aResponse({
        server: 'i-1.0',
        ports: [
          { role: 0, port: 27_000 },
          { role: 3, port: 64_738 },
          { role: 17, port: 9_000 },
        ],
        otherAddress: new Uint8Array(16).fill(0x20),
        ticket: 'the-ticket',
        alternates: [{ address: toWireAddress(Uint8Array.of(203, 0, 113, 2)), gamePort: 27_000, probePort: 7_000 }],
      }),
    );

    expect(grant).toEqual({
      server: {
        id: 'i-1.0',
        address: SERVER.address,
        otherAddress: new Uint8Array(16).fill(0x20),
        ports: { game: 27_000, voice: 64_738, 17: 9_000 },
      },
      ticket: 'the-ticket',
      keepalive: KEEPALIVE,
      alternates: [{ id: '', address: Uint8Array.of(203, 0, 113, 2), ports: { game: 27_000, probe: 7_000 } }],
    });
  });

  it('without ports or rhythm leaves the defaults', () => {
    const { server, keepalive } = grantOf(aResponse({ server: 'i-1.0', keepalive: undefined }));

    expect(probePortOf(server)).toBe(7_000);
    expect(keepalive).toEqual(KEEPALIVE);
  });
});

describe('an answer of the door', () => {
  it('is a refusal with the code of the table, its time and its text', () => {
    const error = { code: 5, retryAfterMs: 1_500, reason: 'slow down' };

    expect(doorAnswer(aResponse({ error }), 4)).toEqual({
      ok: false,
      code: 'door.rate-limited',
      retryAfterMs: 1_500,
      detail: 'slow down',
    });
  });

  it('of the other family is none', () => {
    expect(doorAnswer(aResponse(), 6)).toBeUndefined();
    expect(doorAnswer(aResponse(), 4)).toMatchObject({ ok: true });
  });
});

describe('an answer to a keepalive', () => {
  it('with the server’s own id or address means alive', () => {
    expect(keepaliveAnswer(aResponse({ server: 'i-1.0' }), SERVER)).toEqual({ kind: 'alive' });
    expect(keepaliveAnswer(aResponse(), SERVER)).toEqual({ kind: 'alive' });
  });

  it('with the server’s address of the other family means alive', () => {
    const ipv6 = new Uint8Array(16).fill(0x20);

    expect(keepaliveAnswer(aResponse({ address: ipv6 }), { ...SERVER, otherAddress: ipv6 })).toEqual({ kind: 'alive' });
  });

  it('with another address or id means move', () => {
    const address = toWireAddress(Uint8Array.of(203, 0, 113, 2));

    expect(keepaliveAnswer(aResponse({ address }), SERVER)).toMatchObject({ kind: 'moving', needsRoom: false });
    expect(keepaliveAnswer(aResponse({ server: 'i-1.1' }), SERVER)).toMatchObject({
      kind: 'moving',
      grant: { server: { id: 'i-1.1', ports: SERVER.ports } },
    });
  });

  it.each([
    [1, { kind: 'refused', code: 'assign.no-capacity' }],
    [4, { kind: 'needs-room' }],
    [5, { kind: 'later', retryAfterMs: 9 }],
    [6, { kind: 'later', retryAfterMs: 9 }],
    [7, { kind: 'refused', code: 'ticket.ticket-rejected' }],
    [8, { kind: 'refused', code: 'ticket.clock' }],
  ])('with error %i is judged', (code, judgement) => {
    const error = { code, retryAfterMs: 9, reason: '' };

    expect(keepaliveAnswer(aResponse({ address: new Uint8Array(16), error }), SERVER)).toEqual(judgement);
  });

  it('adds what was not known of an alternate', () => {
    const alternate = { ...SERVER, id: '' };
    const response = aResponse({ server: 'i-1.0', ports: [{ role: 3, port: 64_738 }] });

    expect(enrich(alternate, response)).toEqual({
      ...SERVER,
      ports: { game: 27_000, probe: 7_000, voice: 64_738 },
    });
  });
});

describe('a rhythm', () => {
  it('is cut to its bounds', () => {
    expect(rhythmOf({ intervalSeconds: 0, transmissions: 0, timeoutMs: 0 })).toEqual({
      intervalMs: 1_000,
      transmissions: 0,
      timeoutMs: 100,
    });
    expect(rhythmOf({ intervalSeconds: 60, transmissions: 5, timeoutMs: 65_535 }).timeoutMs).toBe(10_000);
  });
});
