import type { Run } from '../context.ts';
import { type Column, tableLines } from '../output.ts';
import { classicProbe } from '../probe/classic.ts';
import { type PoolSum, readRoster, sumPools } from '../roster.ts';
import { doorOf, type TargetFlags } from '../target.ts';

const COLUMNS: readonly Column<PoolSum>[] = [
  { head: 'app', cell: ({ app }) => app },
  { head: 'world', cell: ({ world }) => world },
  { head: 'group', cell: ({ group }) => group },
  { head: 'servers', cell: ({ servers }) => servers },
  { head: 'ready', cell: ({ ready }) => ready },
  { head: 'sessions', cell: ({ sessions }) => sessions },
  { head: 'capacity', cell: ({ capacity }) => capacity },
  { head: 'free', cell: ({ free }) => free },
];

/** Whether door and API answer, and what is free in each pool. 1 where one of them does not, or nothing can be given out. */
export const run: Run<TargetFlags> = async ({ out, target }, flags) => {
  const found = await target(flags);
  out.line(`Onedoor, ${found.name}`);
  const door = found.door === undefined ? undefined : await classicProbe(doorOf(found));
  if (door) out.line(`door  ${found.door}: ${door.problem ?? `answers in ${door.tookMs.toFixed(1)} ms, ${door.says}`}`);
  const startedMs = performance.now();
  const { version, servers } = await readRoster(found);
  const tookMs = performance.now() - startedMs;
  out.line(`API   ${found.http}: answers in ${tookMs.toFixed(1)} ms, roster version ${version}`);
  out.line();
  const pools = sumPools(servers);
  for (const line of tableLines(pools, COLUMNS)) out.line(line);
  if (pools.length === 0) out.line('(no servers)');
  out.data({
    target: found.name,
    door: found.door ?? null,
    doorMs: door?.problem === undefined ? (door?.tookMs ?? null) : null,
    http: found.http,
    apiMs: tookMs,
    rosterVersion: version,
    pools,
  });
  return door?.problem === undefined && pools.some(({ ready }) => ready > 0) ? 0 : 1;
};
