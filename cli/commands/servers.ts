import type { RosterServer } from '../../client/http-answers.ts';
import type { Run } from '../context.ts';
import { type Column, tableLines } from '../output.ts';
import { readRoster } from '../roster.ts';
import type { TargetFlags } from '../target.ts';

export interface ServersFlags extends TargetFlags {
  readonly app?: string;
  readonly world?: string;
  readonly group?: string;
  readonly status?: RosterServer['status'];
}

const COLUMNS: readonly Column<RosterServer>[] = [
  { head: 'server', cell: ({ id }) => id },
  { head: 'status', cell: ({ status }) => status },
  { head: 'sessions', cell: ({ sessions }) => sessions },
  { head: 'capacity', cell: ({ capacity }) => capacity },
  { head: 'free', cell: ({ free }) => free },
  { head: 'app', cell: ({ app = '' }) => app },
  { head: 'world', cell: ({ world = '' }) => world },
  { head: 'group', cell: ({ group = '' }) => group },
  { head: 'address', cell: ({ ipv4, ipv6 = '', ports }) => `${ipv4 ?? ipv6} game ${ports['game'] ?? '-'}` },
];

/** Every server as clients are told of it. */
export const run: Run<ServersFlags> = async ({ out, target }, { app, world, group, status, ...flags }) => {
  const { servers } = await readRoster(await target(flags), { ...(app && { app }), ...(world && { world }) });
  const wanted = servers.filter(
    (server) => (group === undefined || server.group === group) && (status === undefined || server.status === status),
  );
  for (const line of tableLines(wanted, COLUMNS)) out.line(line);
  if (wanted.length === 0) out.line('(none)');
  out.data(wanted);
  return 0;
};
