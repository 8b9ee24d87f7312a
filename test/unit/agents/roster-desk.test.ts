import { describe, expect, it } from 'vitest';
import { createRosterDesk } from '../../../agents/roster-desk.ts';
import type { PacketSource } from '../../../core/ports.ts';
import type { RosterView } from '../../../core/registry/roster.ts';
import { decodePacket } from '../../../core/wire/decode.ts';
import { encodeRequest } from '../../../core/wire/encode-request.ts';
import { type RequestFields, WANT } from '../../../core/wire/packet.ts';
import { aServer, aView, servers } from '../../support/builders.ts';

const UDP: PacketSource = { address: '198.51.100.1', port: 40_000, protocol: 17 };
const NONCE = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const NEXT = Uint8Array.of(9);
const config = { defaultApp: 'arena', packetType: 0xffff, probePort: 7_000, maxSlots: 64 };

function aDesk(reader: { view(): RosterView; refresh(): Promise<void> }) {
  const handler = createRosterDesk({ reader, config })(() => NEXT);
  const ask = (fields: Partial<RequestFields>, padTo = 1_200, source = UDP) =>
    handler(encodeRequest({ address: new Uint8Array(16), nonce: NONCE, ...fields }, { padTo }), source);
  const read = async (answer: ReturnType<typeof ask>) => {
    const decoded = decodePacket((await answer) ?? new Uint8Array(), { expect: 'response' });
    if (!decoded.ok || decoded.packet.kind !== 'extended') throw new Error('no extended response');
    return decoded.packet;
  };
  return { handler, ask, read };
}

const still = (view: RosterView) => ({ view: () => view, refresh: async () => {} });

describe('an agent that is asked for the roster', () => {
  it('answers with what the registry says now', async () => {
    let view = aView([], 0);
    const { ask, read } = aDesk({
      view: () => view,
      refresh: async () => {
        view = aView([aServer({ id: 'a.0' }), aServer({ id: 'b.0' })]);
      },
    });
    const { nonce, rosterPage } = await read(ask({ want: WANT.roster }));
    expect(nonce).toEqual(NONCE);
    expect(rosterPage?.entries.map(({ id }) => id)).toEqual(['a.0', 'b.0']);
  });

  it('goes on with what it has while the registry is away, and says so if it has nothing', async () => {
    const never = () => new Promise<void>(() => {});
    const away = () => Promise.reject(new Error('away'));
    for (const refresh of [never, away]) {
      const { ask, read } = aDesk({ view: () => aView(), refresh });
      expect((await read(ask({ want: WANT.roster }))).rosterPage?.entries).toHaveLength(1);
    }
    const { ask, read } = aDesk({ view: () => aView([], 0), refresh: away });
    expect((await read(ask({ want: WANT.roster }))).error?.code).toBe(6);
  });

  it('never answers over UDP with more than it was asked with', async () => {
    const { ask, read } = aDesk(still(aView(servers(60))));
    expect((await read(ask({ want: WANT.roster }, 300))).error?.code).toBe(4);
    expect(await ask({ want: WANT.roster }, 0)).toBeUndefined();
    expect((await read(ask({ want: WANT.roster }, 0, { ...UDP, protocol: 6 }))).rosterPage?.pages).toBeGreaterThan(1);
  });

  it('leaves everything else to the slot: keepalives, lobbies, forged packets from probe ports', () => {
    const { ask, handler } = aDesk(still(aView()));
    expect(ask({})).toBe(NEXT);
    expect(ask({ want: WANT.lobby })).toBe(NEXT);
    expect(ask({ want: WANT.roster }, 1_200, { ...UDP, port: 7_003 })).toBe(NEXT);
    expect(handler(new Uint8Array(8), UDP)).toBe(NEXT);
    expect(handler(new Uint8Array(40), UDP)).toBe(NEXT);
  });
});
