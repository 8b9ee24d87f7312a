import { DEFAULT_TIMING } from '../../core/registry/timing.ts';

/** What must hold, in the order of the report. */
export const INVARIANTS = {
  over: 'seats given out and in use never exceed the capacity',
  twice: 'no seat is given twice',
  full: 'nobody is told FULL while a seat is free',
  away: 'no seat is away after T + 2 beats',
} as const;
export type Invariant = keyof typeof INVARIANTS;

export interface Breach {
  readonly invariant: Invariant;
  readonly burst: number;
  readonly text: string;
}

/** Everything that is counted over all bursts. */
export class Tally {
  readonly breaches: Breach[] = [];
  readonly checks: Record<Invariant, number> = { over: 0, twice: 0, full: 0, away: 0 };
  bursts = 0;
  clients = 0;
  given = 0;
  admitted = 0;
  /** Seats that lay in the stock of living assigners at the end. */
  kept = 0;
  /** Seats taken that no client got, and no stock: with a dead process, a cut connection, or too late. */
  lost = 0;
  toldFull = 0;
  unavailable = 0;
  died = 0;
  cuts = 0;
  /** Bursts after which no seat was free anywhere. */
  soldOut = 0;
  /** From the end of a burst until the last of its seats was back. */
  longestAwayMs = 0;
  /** From one beat that landed to the next. */
  longestBeatMs = 0;

  hold(invariant: Invariant, burst: number, holds: boolean, text: () => string): void {
    this.checks[invariant]++;
    if (!holds) this.breaches.push({ invariant, burst, text: text() });
  }
}

const number = new Intl.NumberFormat('en');

/** One line for each invariant. */
export function verdictLines(tallies: readonly Tally[]): string[] {
  return Object.entries(INVARIANTS).map(([name, text]) => {
    const broken = tallies.flatMap(({ breaches }) => breaches).filter(({ invariant }) => invariant === name).length;
    const checks = tallies.reduce((sum, tally) => sum + tally.checks[name as Invariant], 0);
    const verdict = broken === 0 ? 'holds ' : 'BROKEN';
    return `${verdict} ${text}: ${number.format(broken)} breaches in ${number.format(checks)} checks`;
  });
}

export function breachOf({ invariant, burst, text }: Breach): string {
  return `burst ${burst}, ${invariant}: ${text}`;
}

/** The longest that a seat was away, and why it may be longer than promised: a busy machine keeps beats waiting. */
export function timesLine(tallies: readonly Tally[], faster: number): string {
  const { expireMs, beatMs } = DEFAULT_TIMING;
  const longest = (field: 'longestAwayMs' | 'longestBeatMs'): number =>
    Math.round(Math.max(0, ...tallies.map((tally) => tally[field])));
  const mostMs = (expireMs + 2 * beatMs) / faster;
  const away = `all seats were back ${longest('longestAwayMs')} ms after their burst at the latest`;
  return `${away}; T + 2 beats are ${mostMs} ms, and the longest beat took ${longest('longestBeatMs')} ms`;
}

/** What happened, in one line. */
export function countsLine(tally: Tally): string {
  const counts: readonly (readonly [string, number])[] = [
    ['bursts', tally.bursts],
    ['sold out', tally.soldOut],
    ['clients', tally.clients],
    ['seats given', tally.given],
    ['admitted', tally.admitted],
    ['left in stock', tally.kept],
    ['taken for nobody', tally.lost],
    ['told FULL', tally.toldFull],
    ['told unavailable', tally.unavailable],
    ['processes killed', tally.died],
    ['connections cut', tally.cuts],
  ];
  return counts.map(([name, count]) => `${number.format(count)} ${name}`).join(' · ');
}
