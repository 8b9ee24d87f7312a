import { ConfigError } from '../errors.ts';
import { leastLoaded } from './least-loaded.ts';
import { maglev } from './maglev.ts';
import { nearest } from './nearest.ts';
import { pack } from './pack.ts';
import type { OwnPolicies, OwnPolicyName, Policy, PolicyName } from './policy.ts';
import { random } from './random.ts';
import { rendezvous } from './rendezvous.ts';
import { roundRobin } from './round-robin.ts';
import { stateless3 } from './stateless-3.ts';
import { stateless5 } from './stateless-5.ts';
import { twoChoices } from './two-choices.ts';

type BuiltIn = Exclude<PolicyName, OwnPolicyName>;

const FACTORIES: Readonly<Record<BuiltIn, () => Policy>> = {
  'two-choices': twoChoices,
  'least-loaded': leastLoaded,
  pack,
  random,
  'round-robin': roundRobin,
  nearest,
  rendezvous,
  maglev,
  'stateless-3': stateless3,
  'stateless-5': stateless5,
};

/** The words that a configuration may use, in the order of the documentation. */
export const POLICY_NAMES = Object.keys(FACTORIES) as readonly BuiltIn[];

/**
 * The policy of a configuration's word. Keep it: what a policy prepares for a pool is kept in it.
 * Throws ConfigError if there is none of that name.
 */
export function createPolicy(name: string, own: OwnPolicies = {}): Policy {
  const known: Readonly<Record<string, () => Policy>> = { ...own, ...FACTORIES };
  const create = Object.hasOwn(known, name) ? known[name] : undefined;
  if (create) return create();
  throw new ConfigError([
    `\`policy\` must be one of ${[...POLICY_NAMES, ...Object.keys(own)].join(', ')}, got: ${name}`,
  ]);
}

/** Those by which every holder of the same roster gives the same request the same server. */
export const STATELESS_POLICIES: readonly PolicyName[] = ['stateless-3', 'stateless-5'];

export function isStateless(policy: PolicyName): boolean {
  return STATELESS_POLICIES.includes(policy);
}
