import type { Assigner } from '../core/assign/assigner.ts';
import { createHints } from '../core/assign/hints.ts';
import { oncePer } from '../core/once-per.ts';
import type { Clock, PacketSource, Rng } from '../core/ports.ts';
import type { RosterView } from '../core/registry/roster.ts';
import { type Choice, choicesFor } from '../core/select/choices.ts';
import type { PickQuery, Policy } from '../core/select/policy.ts';
import { createPools } from '../core/select/pools.ts';
import { parseAddress } from '../core/wire/address.ts';
import { encodeClassic } from '../core/wire/classic-packet.ts';
import type { Counters } from './counters.ts';

/**
 * Answers classic requests: a server of the default app, slot 0, in the request's family. No seat, no write; the answer
 * lowers this gateway's own view of the server for W. The hot path of the gateway: everything that depends on the roster
 * alone is made once per roster.
 */
export interface ClassicResponder {
  /** The whole response, in bytes of its own: a socket may still hold the one before. */
  answer(family: 4 | 6, source: PacketSource): Uint8Array;
  /** Takes expired hints back; call it about once a second. */
  sweep(): void;
}

/** All hints together take at most this share of the free seats. */
const HINT_SHARE = 0.2;
const ZERO = { 4: new Uint8Array(4), 6: new Uint8Array(16) } as const;

interface Prepared {
  readonly view: RosterView;
  readonly revision: number;
  readonly choices: Readonly<Record<4 | 6, Choice | undefined>>;
  readonly addresses: Readonly<Record<4 | 6, readonly (Uint8Array | undefined)[]>>;
  readonly hintBudget: number;
}

const addressesOf = oncePer(({ entries }: RosterView): Prepared['addresses'] => {
  const parsed = (name: 'ipv4' | 'ipv6') =>
    entries.map(({ server }) => (server[name] === undefined ? undefined : parseAddress(server[name])));
  return { 4: parsed('ipv4'), 6: parsed('ipv6') };
});

export function createClassicResponder(deps: {
  readonly assigner: Pick<Assigner, 'view' | 'hinted'>;
  readonly policy: Policy;
  readonly defaultApp: string | undefined;
  readonly service: PickQuery['service'];
  readonly type: number;
  readonly holdMs: number;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly counters: Counters;
}): ClassicResponder {
  const { assigner, policy, clock, rng, service, counters } = deps;
  const hints = createHints(deps.holdMs);
  let prepared: Prepared | undefined;

  const prepare = (view: RosterView): Prepared => {
    const choice = (family: 4 | 6): Choice | undefined => {
      if (deps.defaultApp === undefined) return undefined;
      const filter = { family, slotZeroOnly: true, avoid: [] } as const;
      const found = choicesFor(policy, createPools(view), { app: deps.defaultApp }, filter);
      return found.ok ? found.choices[0] : undefined;
    };
    const choices = { 4: choice(4), 6: choice(6) };
    const members = (choices[4] ?? choices[6])?.pool.members ?? [];
    let free = 0;
    for (const index of members) free += view.free[index]!;
    return { view, revision: view.revision, choices, addresses: addressesOf(view), hintBudget: free * HINT_SHARE };
  };

  /** Only sticky policies look at the source; the others are spared the parsing of its address. */
  const unseen = { address: ZERO[4], port: 0, protocol: 17 } as const;
  const sourceOf = (source: PacketSource): PickQuery['source'] =>
    policy.sticky ? { ...source, address: parseAddress(source.address) ?? ZERO[4] } : unseen;

  return {
    answer(family, source) {
      const view = assigner.view();
      if (prepared?.view !== view || prepared.revision !== view.revision) prepared = prepare(view);
      const choice = prepared.choices[family];
      const from = sourceOf(source);
      const index = choice
        ? policy.pick(choice.pool, { client: from.address, source: from, service, rng, allowed: choice.allowed })
        : -1;
      const address = index < 0 ? undefined : prepared.addresses[family][index];
      if (!address) {
        counters.count('classic-none');
        return encodeClassic(ZERO[family], deps.type);
      }
      counters.count('classic');
      if (hints.give(view.entries[index]!.server.id, clock.monoMs(), prepared.hintBudget)) assigner.hinted(index, 1);
      return encodeClassic(address, deps.type);
    },
    sweep() {
      const { indexOf } = assigner.view();
      hints.expire(clock.monoMs(), (id) => {
        const index = indexOf.get(id);
        if (index !== undefined) assigner.hinted(index, -1);
      });
    },
  };
}
