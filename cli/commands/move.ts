import type { Run } from '../context.ts';
import { registryOf, type TargetFlags } from '../target.ts';
import { findRow } from './drain.ts';

/** So many clients of a server go to others, each with a seat there; who is left plays on. */
export const run: Run<TargetFlags, [string, number]> = async ({ out, target }, flags, id, count) => {
  const store = await registryOf(await target(flags));
  const row = findRow(await store.list(), id);
  const sessions = row.seats?.sessions ?? 0;
  const reply = row.seats && (await store.move(row.key, { count, beat: row.seats.beat }));
  if (!reply?.ok) {
    out.line(`${id}: no agent speaks for it; nothing was written`);
    out.data({ server: id, ok: false });
    return 1;
  }
  out.line(`${id}: told to send ${Math.min(count, sessions)} of ${sessions} sessions elsewhere`);
  out.line('its agent begins at its next beat; each client goes at a keepalive, once there is a seat for it');
  out.data({ server: id, ok: true, count, sessions });
  return 0;
};
