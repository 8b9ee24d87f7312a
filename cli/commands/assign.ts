import { type Assignment, addressLine, problemLine, releaseAssignment, requestAssignment } from '../api.ts';
import type { Run } from '../context.ts';
import type { Output } from '../output.ts';
import { httpOf, type TargetFlags } from '../target.ts';

export interface AssignFlags extends TargetFlags {
  readonly app?: string;
  readonly world?: string;
  readonly group?: string;
  readonly client?: string;
  readonly server?: string;
  readonly avoid?: readonly string[];
  readonly party?: readonly string[];
  readonly label?: Readonly<Record<string, string>>;
  readonly latency?: Readonly<Record<string, string>>;
  readonly key?: string;
  readonly explain?: true;
  readonly release?: true;
}

/** The body of the request that these flags mean. */
function bodyOf({ label, latency, explain, ...flags }: AssignFlags): object {
  const { app, world, group, client, server, avoid, party } = flags;
  const latencies = latency && Object.fromEntries(Object.entries(latency).map(([at, ms]) => [at, Number(ms)]));
  return { app, world, group, client, server, avoid, party, labels: label, latencies, explain };
}

/** One assignment over HTTP, as a client would get it. 1 where it is refused. */
export const run: Run<AssignFlags> = async ({ out, target }, flags) => {
  const base = httpOf(await target(flags));
  const answer = await requestAssignment(base, bodyOf(flags), flags.key);
  if (!answer.ok) {
    out.line(problemLine(answer.problem));
    out.data(answer.problem);
    return 1;
  }
  const { assignment } = answer;
  describe(assignment, out);
  out.data(assignment);
  if (flags.release) await giveBack(base, assignment, out);
  return 0;
};

function describe(assignment: Assignment, out: Output): void {
  const { server, ticket, activateBy, alternates, seats, explain } = assignment;
  out.line(`server      ${server.id} (${server.app}, ${server.world}, ${server.group})`);
  out.line(`address     ${addressLine(server)}`);
  for (const each of alternates) out.line(`alternate   ${each.id}: ${addressLine(each)}`);
  for (const line of explain ? explainLines(assignment) : []) out.line(line);
  out.line(`activate by ${new Date(activateBy * 1000).toISOString()}`);
  for (const seat of seats ?? []) out.line(`ticket      ${seat.client}: ${seat.ticket}`);
  if (!seats) out.line(`ticket      ${ticket}`);
}

/** Why this server. */
export function explainLines({ server, explain }: Pick<Assignment, 'server' | 'explain'>): string[] {
  if (!explain) return [];
  const { policy, candidates, rosterVersion, rosterAgeMs, refused } = explain;
  return [
    `explain: ${policy} chose ${server.id} among ${candidates} that could be had`,
    `         roster version ${rosterVersion}, ${rosterAgeMs} ms old`,
    ...refused.map(({ id, code }) => `         tried ${id} before: ${code}`),
  ];
}

/** Gives every seat of it back. */
export async function giveBack(base: string, assignment: Assignment, out: Output): Promise<void> {
  for (const seat of assignment.seats ?? [assignment]) {
    const problem = await releaseAssignment(base, seat);
    out.line(problem ? `not given back: ${problemLine(problem)}` : `given back: ${seat.id}`);
  }
}
