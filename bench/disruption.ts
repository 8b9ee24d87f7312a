/**
 * How many clients a policy moves to another server when one of 1,000 dies: `node bench/disruption.ts`. "listed": the
 * dead server is still in the roster, but closed; "gone": the roster no longer has it. A seat binds its client to a server,
 * so that a session never follows a policy: the first line is what sessions see, whatever the policy. Where each server dies
 * once, a policy that moves no client of a living server moves 1 / 1,000 in the mean, whoever the clients are.
 */

import type { Pool } from '../core/registry/roster.ts';
import { createPolicy } from '../core/select/create-policy.ts';
import type { PickQuery, Policy, PolicyName } from '../core/select/policy.ts';
import { atMost, told } from './figure.ts';
import { makePool } from './pool.ts';
import { systemQueries } from './queries.ts';

const SERVERS = 1_000;
interface Setting {
  /** Every so many servers one dies. */
  readonly each: number;
  readonly clients: number;
  /** In percent of the clients, when the roster has lost the server; the two formulas with a modulo have no bound. */
  readonly most?: number;
}

/** Some places of maglev's table move with nearly every death and most with none, so that it takes many clients. */
const MANY: Setting = { each: 20, clients: 100_000 };
const POLICIES: readonly (readonly [PolicyName, Setting])[] = [
  ['rendezvous', { each: 1, clients: 400, most: 0.1 }],
  ['maglev', { ...MANY, most: 0.7 }],
  ['stateless-3', MANY],
  ['stateless-5', MANY],
];

const everywhere = makePool(SERVERS);
const idOf = (index: number): string => everywhere.view.entries[index]!.server.id;

const serversBy = (policy: Policy, pool: Pool, queries: readonly PickQuery[]): string[] =>
  queries.map((query) => pool.view.entries[policy.pick(pool, query)]!.server.id);

function report(name: string, { each, clients, most }: Setting, listed: number, gone: number): void {
  const percent = (moved: number): number => (100 * moved * each) / (clients * SERVERS);
  const shown = [listed, gone].map((moved) => `${percent(moved).toFixed(3)} %`.padStart(10)).join(' ');
  console.log(`${name.padEnd(18)} ${shown}  ${clients} clients, ${SERVERS / each} deaths`);
  const what = `clients moved when one of 1,000 servers is gone: ${name}`;
  if (most === undefined) told(what, percent(gone), '%');
  else atMost(what, most, percent(gone), '%');
}

function measure(name: PolicyName, setting: Setting): void {
  const policy = createPolicy(name);
  const queries = systemQueries(setting.clients);
  const before = serversBy(policy, everywhere, queries);
  const countMoved = (pool: Pool): number =>
    serversBy(policy, pool, queries).filter((id, at) => id !== before[at]).length;
  const { open, listed } = everywhere.view;
  let [moved, movedGone] = [0, 0];
  for (let dead = 0; dead < SERVERS; dead += setting.each) {
    open[dead] = listed[dead] = 0;
    moved += countMoved(everywhere);
    open[dead] = listed[dead] = 1;
    movedGone += countMoved(makePool(SERVERS, dead));
  }
  report(name, setting, moved, movedGone);
}

console.log(`${SERVERS} servers; clients moved when one dies, in the mean: listed, gone`);
const registry: Setting = { each: 1, clients: 20_000, most: 0.1 };
const seated = serversBy(createPolicy('two-choices'), everywhere, systemQueries(registry.clients));
let lost = 0;
for (let dead = 0; dead < SERVERS; dead++) lost += seated.filter((id) => id === idOf(dead)).length;
report('registry (seats)', registry, lost, lost);
for (const [name, setting] of POLICIES) measure(name, setting);
