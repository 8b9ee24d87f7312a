import { UsageError } from '../../adapters/cli/flags.ts';
import type { ServerRow } from '../../core/registry/row.ts';
import type { Context, ExitCode, Run } from '../context.ts';
import { registryOf, type TargetFlags } from '../target.ts';

export interface DrainFlags extends TargetFlags {
  /** Do it without asking. */
  readonly yes?: true;
}

/** Nobody new is sent there from the agent's next beat on; sessions play on. */
export const drain: Run<DrainFlags, [string]> = (context, flags, id) => wish(context, flags, id, true);

/** It is given out again. */
export const resume: Run<DrainFlags, [string]> = (context, flags, id) => wish(context, flags, id, false);

async function wish(
  { out, target, ask }: Context,
  { yes, ...flags }: DrainFlags,
  id: string,
  isDrain: boolean,
): Promise<ExitCode> {
  const store = await registryOf(await target(flags));
  const rows = await store.list();
  const row = findRow(rows, id);
  const last = isDrain ? lastOfPool(rows, row) : undefined;
  if (last !== undefined && !yes) {
    const question = `${id} is the last ready server of ${last}: until another one is ready, its new clients go to other groups of that world, or are refused where these have no free seat. Drain it?`;
    if (!ask) throw new UsageError(`${question} Say --yes`);
    if (!(await ask(question))) return 1;
  }
  const reply = await store.drain(row.key, isDrain);
  const wrote = isDrain ? 'told to drain' : 'told to take clients again';
  const sessions = row.seats?.sessions ?? 0;
  if (!reply.ok) {
    out.line(`${id}: no agent speaks for it; nothing was written`);
    out.data({ server: id, ok: false });
    return 1;
  }
  out.line(`${id}: ${wrote}, its agent obeys at its next beat (5 s at most); ${sessions} sessions play on`);
  out.data({ server: id, ok: true, drain: isDrain, sessions });
  return 0;
}

/** The row of a server's id. Throws UsageError that names the ids that are most like it. */
export function findRow(rows: readonly ServerRow[], id: string): ServerRow {
  const found = rows.find(({ placement }) => placement?.id === id);
  if (found) return found;
  const ids = rows.flatMap(({ placement }) => placement?.id ?? []).sort();
  const like = ids.filter((each) => each.startsWith(id) || id.startsWith(each.split('.')[0]!));
  const shown = (like.length > 0 ? like : ids).slice(0, 5).join(', ');
  throw new UsageError(
    `there is no server ${id}${shown === '' ? '; there are none' : `; there are ${shown}`}${ids.length > 5 ? ', …' : ''}`,
  );
}

/** The pool of which this is the last server that takes clients; undefined if there are others. */
export function lastOfPool(rows: readonly ServerRow[], row: ServerRow): string | undefined {
  const { placement } = row;
  if (!placement || !isReady(row)) return undefined;
  const { app, world, group } = placement;
  const others = rows.filter(
    (each) =>
      each.key !== row.key &&
      isReady(each) &&
      each.placement?.app === app &&
      each.placement.world === world &&
      each.placement.group === group,
  );
  return others.length > 0 ? undefined : `app ${app}, world ${world}, group ${group}`;
}

function isReady({ seats, suspect, drain: isDraining }: ServerRow): boolean {
  return seats?.state === 'ready' && !suspect && !isDraining;
}
