import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCounters } from '../../agents/counters.ts';
import { type OwnerAnswer, readAnswer } from '../../agents/owner-link.ts';
import { createServerDoor } from '../../agents/server-door.ts';
import { answerFields } from '../../core/assign/answer-fields.ts';
import { parseRuntimeConfig } from '../../core/config/runtime-config.ts';
import type { Placement } from '../../core/registry/row.ts';
import { formatAddress } from '../../core/wire/address.ts';
import { encodeClassic } from '../../core/wire/classic-packet.ts';
import { encodeRequest } from '../../core/wire/encode-request.ts';
import { encodeResponse } from '../../core/wire/encode-response.ts';
import type { ListedServer } from '../support/build-view.ts';
import { aServer, aView } from '../support/builders.ts';
import { seededRng } from '../support/seeded-rng.ts';

const NONCE = new Uint8Array(8);
const aRoster = fc
  .array(fc.record({ slot: fc.nat(2), suspect: fc.boolean(), dual: fc.boolean(), world: fc.nat(1) }), { maxLength: 12 })
  .map((list) =>
    list.map(({ slot, suspect, dual, world }, n) =>
      aServer({
        id: `server-number-${n}.${slot}`,
        suspect,
        world: `w${world}`,
        ipv4: `192.0.2.${n + 1}`,
        ...(dual && { ipv6: `2001:db8::${n + 1}` }),
      }),
    ),
  );
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const aRequest = fc
  .record({
    address: fc.oneof(
      bytes(16),
      bytes(4).map((own) => Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...own)),
    ),
    nonce: bytes(8),
    app: optional(fc.constantFrom('arena', 'other')),
    world: optional(fc.constantFrom('w0', 'w1', 'w2')),
    client: optional(fc.uint8Array({ minLength: 1, maxLength: 32 })),
    want: optional(fc.nat(7)),
    pick: optional(fc.nat(12).map((n) => `server-number-${n}.0`)),
    padTo: fc.integer({ min: 0, max: 1_200 }),
  })
  .map(({ padTo, ...fields }) => encodeRequest(fields, { padTo }));
const aPacket = fc.oneof(
  aRequest,
  bytes(4).map((own) => encodeClassic(own)),
  bytes(16).map((own) => encodeClassic(own)),
  fc.uint8Array({ maxLength: 1_300 }),
);
const aSource = fc.record({
  address: bytes(4).map(formatAddress),
  port: fc.integer({ min: 1, max: 65_535 }),
  protocol: fc.constant(17 as const),
});

/** An agent's door over a roster of its own; the servers of `dead` are silent. */
function aDoor(entries: readonly ListedServer[], policy: string, dead: ReadonlySet<string>, seed: number) {
  const config = parseRuntimeConfig(JSON.stringify({ policy, defaultApp: 'arena' }));
  const view = aView(entries);
  const asked: string[] = [];
  const ask = async (server: Placement, _key: string, family: 4 | 6): Promise<OwnerAnswer> => {
    asked.push(server.id);
    if (dead.has(server.id)) return 'silent';
    const fields = { ...answerFields(server, family, { keepalive: config.keepalive }), nonce: NONCE };
    const encoded = encodeResponse(fields, { maxBytes: 1_200 });
    return readAnswer((encoded as { bytes: Uint8Array }).bytes, config.packetType)!;
  };
  const counters = createCounters();
  const isProbePort = (port: number): boolean => port >= 7_000 && port < 7_064;
  const handle = createServerDoor({ config, view: () => view, isProbePort, ask, counters, rng: seededRng(seed) });
  return { handle, asked };
}

describe('agents that are the door', () => {
  it('say the same to the same packet, never more over UDP than they got, and ask three owners at most', async () => {
    let given = 0;
    await fc.assert(
      fc.asyncProperty(
        aRoster,
        fc.constantFrom('stateless-3', 'stateless-5'),
        fc.array(fc.nat(12)),
        aPacket,
        aSource,
        async (entries, policy, silent, packet, source) => {
          const dead = new Set(entries.filter((_, n) => silent.includes(n)).map(({ server }) => server.id));
          const doors = [1, 2, 3, 4].map((seed) => aDoor(entries, policy, dead, seed));
          const answers = await Promise.all(doors.map(({ handle }) => handle(packet, source)));
          for (const [n, answer] of answers.entries()) {
            expect(answer).toEqual(answers[0]);
            expect(answer?.length ?? 0).toBeLessThanOrEqual(packet.length);
            expect(doors[n]!.asked).toEqual(doors[0]!.asked);
            expect(doors[n]!.asked.length).toBeLessThanOrEqual(3);
          }
          if (doors[0]!.asked.length > 0 && answers[0]) given++;
        },
      ),
      { numRuns: 1_000 },
    );
    expect(given).toBeGreaterThan(100);
  });
});
