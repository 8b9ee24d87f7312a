import { toWireAddress } from '../../core/wire/address.ts';
import { decodePacket } from '../../core/wire/decode.ts';
import { encodeRequest } from '../../core/wire/encode-request.ts';
import { createMutator } from '../../tools/fuzz/mutate.ts';
import { TARGETS } from '../../tools/fuzz/targets/all.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { seededRng } from '../support/seeded-rng.ts';
import { anAttackedDoor, UDP } from './door.ts';

export interface Mutations {
  readonly datagrams: number;
  readonly requests: number;
  readonly thrown: number;
  /** Malformed datagrams that were answered. */
  readonly answered: number;
  /** Answers longer than what asked for them. */
  readonly amplified: number;
  /** Datagrams that were well-formed after all: that the mutations come near. */
  readonly wellFormed: number;
}

/** Of ten inputs nine are datagrams to a gateway, one is a request of the HTTP API. */
const REQUEST_SHARE = 10;

/** Gives a gateway and the HTTP API changed packets and requests. */
export async function mutate(options: { readonly inputs: number; readonly seed: number }): Promise<Mutations> {
  const { inputs, seed } = options;
  const clock = fakeClock();
  const { door } = await anAttackedDoor({ servers: 3, capacity: 1_000, seed, clock });
  const rng = seededRng(seed);
  const packets = TARGETS.find(({ name }) => name === 'request')!;
  const http = TARGETS.find(({ name }) => name === 'http')!;
  const address = toWireAddress(new Uint8Array(4));
  const padded = encodeRequest({ address, nonce: rng.bytes(8), app: 'arena' }, { padTo: 800 });
  const corpus = [...packets.seeds, padded];
  const mutator = createMutator(rng, packets);
  const httpMutator = createMutator(rng, http);
  const counts = { datagrams: 0, requests: 0, thrown: 0, answered: 0, amplified: 0, wellFormed: 0 };

  const datagram = async (bytes: Uint8Array): Promise<void> => {
    counts.datagrams++;
    const isWellFormed = decodePacket(bytes, { expect: 'request' }).ok;
    if (isWellFormed) counts.wellFormed++;
    const source = { address: '198.51.100.7', port: 40_000, protocol: UDP } as const;
    const result = door.handle(bytes, source);
    const answer = result instanceof Promise ? await result : result;
    if (answer && !isWellFormed) counts.answered++;
    if (answer && answer.length > bytes.length) counts.amplified++;
  };
  for (let n = 0; n < inputs; n++) {
    if (n % 1_000 === 0) clock.advance(10);
    try {
      if (n % REQUEST_SHARE === 0) {
        counts.requests++;
        await http.run(httpMutator.mutate(http.seeds, http.maxBytes));
      } else {
        const mutated = mutator.mutate(corpus, packets.maxBytes);
        await datagram(rng.float() < 0.5 ? packets.repair!(mutated) : mutated);
      }
    } catch {
      counts.thrown++;
    }
  }
  return counts;
}
