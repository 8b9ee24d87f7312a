import type { ClocksReport, WhoseClock } from './clocks.ts';
import type { DrainReport } from './drain.ts';
import { FAILOVER_MS, type OutageReport } from './outage.ts';
import type { PartitionReport } from './partition.ts';
import type { Tally } from './tally.ts';

/** One promise, and whether a run kept it. */
export interface Verdict {
  readonly holds: boolean;
  readonly text: string;
}

const none = (what: string, found: readonly string[]): Verdict => ({
  holds: found.length === 0,
  text: `${found.length} ${what}${found.length > 0 ? ` (${found.slice(0, 3).join('; ')})` : ''}`,
});

/** What must be so whatever is away. */
const always = (tally: Tally): Verdict[] => [
  none('servers with more sessions than seats', tally.oversold),
  none('rows lost by their agent', tally.breaches),
];

const MIN_FAILOVERS = 0.99;

export function outageVerdicts(report: OutageReport): Verdict[] {
  const { tally, backMs, left, newcomers, beatMs } = report;
  const share = tally.failoverShare(FAILOVER_MS);
  return [
    none('sessions lost', tally.lost),
    none('valid tickets refused', tally.ticketsRefused),
    {
      holds: tally.resumed === tally.resumable,
      text: `${tally.resumed} of ${tally.resumable} programs that were started again were back on their session`,
    },
    {
      holds: share >= MIN_FAILOVERS,
      text: `${(100 * share).toFixed(1)} % of ${tally.failovers.size} clients of dead servers were on another within ${FAILOVER_MS / 1_000} s, p99 ${tally.failoverMs(0.99).toFixed(0)} ms`,
    },
    { holds: backMs <= 2 * beatMs, text: `every agent's beat landed ${backMs} ms after the end` },
    none('things wrong at the end', left),
    ...always(tally),
    {
      holds: true,
      text: `of ${newcomers.asked} clients who came for the first time, ${newcomers.in} got in meanwhile`,
    },
  ];
}

export function partitionVerdicts(report: PartitionReport): Verdict[] {
  const { tally, there, moved, sentThere, beatMs, openMs, beatEveryMs } = report;
  return [
    { holds: there > 0 && moved === 0, text: `${moved} of ${there} sessions moved` },
    none('sessions lost', tally.lost),
    { holds: sentThere === 0, text: `${sentThere} clients sent there once its beat was too old` },
    {
      holds: openMs <= 2 * beatEveryMs,
      text: `its beat landed ${beatMs} ms after the end, and all doors gave it out after ${openMs} ms (2 beats are ${2 * beatEveryMs} ms)`,
    },
    ...always(tally),
  ];
}

export function drainVerdicts(report: DrainReport): Verdict[] {
  const { tally, assigned, afterAsked, afterAcknowledged, writtenMs, lastMs, acknowledgedMs, there, moved, left } =
    report;
  return [
    {
      holds: assigned > 0 && afterAcknowledged === 0,
      text: `${afterAcknowledged} of ${assigned} assignments named the server after its drain was acknowledged (${acknowledgedMs} ms)`,
    },
    {
      holds: true,
      text: `${afterAsked} did after it was asked for, the last one ${lastMs.toFixed(0)} ms later; the row said so after ${writtenMs} ms`,
    },
    none('sessions cut before the deadline', [...tally.lost, ...left]),
    { holds: there > 0, text: `${moved} of ${there} clients there had moved by themselves` },
    ...always(tally),
  ];
}

/** Only these two can be told from a ticket that comes from the future. */
const TOLD: readonly string[] = ['agent behind', 'gateway ahead', 'function ahead'];

export function clocksVerdicts(whose: WhoseClock, skewMs: number, report: ClocksReport): Verdict[] {
  const { tally, players, in: here, codes, left } = report;
  const isTold = TOLD.includes(`${whose} ${skewMs > 0 ? 'ahead' : 'behind'}`);
  const who = `${whose} ${Math.abs(skewMs) / 3_600_000} h ${skewMs > 0 ? 'ahead' : 'behind'}`;
  if (isTold) {
    const isClear = codes.length === 1 && codes[0] === 'ticket.clock' && here === 0;
    return [{ holds: isClear, text: `${who}: ${here} of ${players} in, refused with ${codes.join(', ')}` }];
  }
  return [
    {
      holds: here === players && tally.failoverShare(FAILOVER_MS) === 1 && tally.resumed === tally.resumable,
      text: `${who}: ${here} of ${players} in, ${tally.failovers.size} came back after a crash, ${tally.resumed} after a restart`,
    },
    none(`${who}: sessions lost`, tally.lost),
    none(`${who}: tickets refused`, tally.ticketsRefused),
    none(`${who}: things wrong at the end`, left),
    ...always(tally),
  ];
}

/** For people. */
export function verdictLine({ holds, text }: Verdict): string {
  return `${holds ? 'holds ' : 'BROKEN'} ${text}`;
}
