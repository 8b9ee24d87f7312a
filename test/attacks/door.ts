import { createHmac } from 'node:crypto';
import { createMemoryStore } from '../../adapters/memory/registry-store.ts';
import { systemClock } from '../../adapters/system/system-clock.ts';
import { parseRuntimeConfig } from '../../core/config/runtime-config.ts';
import type { Clock } from '../../core/ports.ts';
import { createRosterWriter } from '../../core/registry/roster-pass.ts';
import { rowKey } from '../../core/registry/row.ts';
import { toWireAddress } from '../../core/wire/address.ts';
import { decodePacket } from '../../core/wire/decode.ts';
import { encodeRequest } from '../../core/wire/encode-request.ts';
import type { ExtendedResponse, RequestFields } from '../../core/wire/packet.ts';
import { composeDoor, type Door } from '../../door/compose.ts';
import { aServer } from '../support/builders.ts';
import { seededRng } from '../support/seeded-rng.ts';
import { keysOf } from '../support/tickets.ts';

export const UDP = 17;
export const UNVERIFIED_PER_SECOND = 50;
const GEN = '00000000000000aa';

export interface AttackedDoor {
  readonly door: Door;
  /** Writes that reached the registry since the start. */
  writes(): number;
  /** Bytes of the longest answer over UDP for each byte of its request, over all answers. */
  worstRatio(): number;
  /** What happens by itself every few seconds: beats, the roster, sweeping. */
  passTime(): Promise<void>;
  ask(fields: Partial<RequestFields>, address: string, port: number): Promise<ExtendedResponse | undefined>;
}

/** A gateway without sockets over a registry in memory, with `servers` of `capacity` seats. */
export async function anAttackedDoor(options: {
  readonly servers: number;
  readonly capacity: number;
  readonly seed: number;
  readonly clock?: Clock;
}): Promise<AttackedDoor> {
  const { clock = systemClock, seed } = options;
  const store = createMemoryStore();
  const writer = createRosterWriter({ store, clock });
  const { capacity } = options;
  let beats = 0;
  /** Every server beats, and the roster's writer sees it. */
  const beatAll = async (): Promise<void> => {
    beats++;
    for (let n = 0; n < options.servers; n++) {
      const key = rowKey(`test:s${n}`, 0);
      if (beats === 1) {
        const { server } = aServer({ id: `s${n}.0`, ipv4: `203.0.113.${(n % 250) + 1}`, maxCapacity: capacity });
        await store.write(key, { kind: 'create', gen: GEN, nowMs: 1 });
        await store.place(key, server);
      }
      const counts = { hb: 0, sessions: 0, capacity, state: 'ready' } as const;
      await store.write(key, { kind: 'beat', gen: GEN, beat: beats, addFree: beats === 1 ? capacity : 0, ...counts });
    }
    await writer.pass();
  };
  await beatAll();
  await beatAll();
  let writes = 0;
  const counted: typeof store = {
    ...store,
    write(key, command) {
      writes++;
      return store.write(key, command);
    },
  };
  const door = composeDoor({
    config: parseRuntimeConfig(
      JSON.stringify({ defaultApp: 'arena', unverifiedPerSecond: UNVERIFIED_PER_SECOND, freshMs: 3_600_000 }),
    ),
    ownPort: 7_000,
    store: counted,
    signer: keysOf().signer,
    cookieMac: (data) => createHmac('sha256', 'a secret').update(data).digest(),
    clock,
    rng: seededRng(seed),
  });
  await door.roster.refresh();
  const rng = seededRng(seed + 1);
  let worst = 0;
  return {
    door,
    writes: () => writes,
    worstRatio: () => worst,
    async passTime() {
      await beatAll();
      await door.roster.refresh();
      door.sweep();
    },
    async ask(fields, address, port) {
      const request = encodeRequest(
        { address: toWireAddress(new Uint8Array(4)), nonce: rng.bytes(8), ...fields },
        { padTo: 800 },
      );
      const answer = await door.handle(request, { address, port, protocol: UDP });
      if (!answer) return undefined;
      worst = Math.max(worst, answer.length / request.length);
      const decoded = decodePacket(answer, { expect: 'response' });
      if (!decoded.ok || decoded.packet.kind !== 'extended') throw new Error('no extended response');
      return decoded.packet;
    },
  };
}
