/**
 * How many clients a policy moves to another server when one of 1,000 dies: `node bench/disruption.ts`. "listed": the
 * dead server is still in the roster, but closed; "gone": the roster no longer has it. A seat binds its client to a server,
 * so that a session never follows a policy: the first line is what sessions see, whatever the policy.
 */
import { createPolicy } from '../core/select/create-policy.ts';
import type { PickQuery, Policy, PolicyName } from '../core/select/policy.ts';
import { makePool } from './pool.ts';
import { systemQueries } from './queries.ts';

const SERVERS = 1_000;
const CLIENTS = 50_000;
const DEAD = [0, 250, 499, 750, 999];
const POLICIES: readonly PolicyName[] = ['rendezvous', 'maglev', 'stateless-3', 'stateless-5'];

const queries = systemQueries(CLIENTS);
const everywhere = makePool(SERVERS);
const percent = (share: number): string => `${(100 * share).toFixed(3)} %`;
const mean = (shares: readonly number[]): number => shares.reduce((sum, share) => sum + share, 0) / shares.length;

function idsBy(policy: Policy, pool: ReturnType<typeof makePool>): string[] {
  return queries.map((query: PickQuery) => pool.view.entries[policy.pick(pool, query)]!.server.id);
}

function movedShare(before: readonly string[], after: readonly string[]): number {
  return before.filter((id, at) => id !== after[at]).length / before.length;
}

console.log(`${SERVERS} servers, ${CLIENTS} clients, mean of ${DEAD.length} deaths; clients moved: listed, gone`);
const seated = idsBy(createPolicy('two-choices'), everywhere);
const lost = DEAD.map(
  (dead) => seated.filter((id) => id === everywhere.view.entries[dead]!.server.id).length / CLIENTS,
);
console.log(`${'registry (seats)'.padEnd(18)} ${percent(mean(lost)).padStart(10)} ${percent(mean(lost)).padStart(10)}`);
for (const name of POLICIES) {
  const policy = createPolicy(name);
  const before = idsBy(policy, everywhere);
  const listed: number[] = [];
  const gone: number[] = [];
  for (const dead of DEAD) {
    const { open, listed: shown } = everywhere.view;
    open[dead] = shown[dead] = 0;
    listed.push(movedShare(before, idsBy(policy, everywhere)));
    open[dead] = shown[dead] = 1;
    gone.push(movedShare(before, idsBy(policy, makePool(SERVERS, dead))));
  }
  console.log(`${name.padEnd(18)} ${percent(mean(listed)).padStart(10)} ${percent(mean(gone)).padStart(10)}`);
}
