import { problemLine, releaseAssignment, requestAssignment } from '../api.ts';
import type { Run } from '../context.ts';
import { httpOf, type TargetFlags } from '../target.ts';
import { explainLines } from './assign.ts';

export interface ExplainFlags extends TargetFlags {
  readonly app?: string;
  readonly world?: string;
  readonly group?: string;
  readonly client?: string;
}

/** Which server a client would get, and why: by a real assignment whose seat is given back at once. */
export const run: Run<ExplainFlags> = async ({ out, target }, flags) => {
  const base = httpOf(await target(flags));
  const { app, world, group, client } = flags;
  const answer = await requestAssignment(base, { app, world, group, client, explain: true });
  if (!answer.ok) {
    out.line(`explain: ${problemLine(answer.problem)}`);
    out.data(answer.problem);
    return 1;
  }
  const { assignment } = answer;
  await releaseAssignment(base, assignment);
  for (const line of explainLines(assignment)) out.line(line);
  out.data({ server: assignment.server.id, ...assignment.explain });
  return 0;
};
