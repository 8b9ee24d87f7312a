/**
 * How a bench says what it found: one line `figure: <what> | <bound> | <measured> | <verdict>` for each figure, which
 * `npm run bench` collects. Print it beside the rounds, with the median.
 */

/** `ok` and `short` judge by the bound; `told` has none: the figure is there to be known. */
export type Verdict = 'ok' | 'short' | 'told';

export interface Figure {
  readonly what: string;
  /** As `>= 0.7`, or `-`. */
  readonly bound: string;
  readonly measured: string;
  readonly verdict: Verdict;
}

const PREFIX = 'figure: ';
const LINE = /^figure: (.+) \| (.+) \| (.+) \| (ok|short|told)$/;
/** Where whole numbers begin to say enough. */
const WHOLE = 100;

const shown = (value: number, unit: string): string =>
  `${Math.abs(value) >= WHOLE ? value.toFixed(0) : Number(value.toPrecision(3))}${unit === '' ? '' : ` ${unit}`}`;

function print({ what, bound, measured, verdict }: Figure): void {
  console.log(`${PREFIX}${[what, bound, measured, verdict].join(' | ')}`);
}

/** A figure that must be `least` or more. */
export function atLeast(what: string, least: number, measured: number, unit = ''): void {
  print({
    what,
    bound: `>= ${shown(least, unit)}`,
    measured: shown(measured, unit),
    verdict: measured >= least ? 'ok' : 'short',
  });
}

/** A figure that must be `most` or less. */
export function atMost(what: string, most: number, measured: number, unit = ''): void {
  print({
    what,
    bound: `<= ${shown(most, unit)}`,
    measured: shown(measured, unit),
    verdict: measured <= most ? 'ok' : 'short',
  });
}

/** A figure without a bound. */
export function told(what: string, measured: number, unit = ''): void {
  print({ what, bound: '-', measured: shown(measured, unit), verdict: 'told' });
}

/** The figure of a line that a bench printed; undefined for every other line. */
export function readFigure(line: string): Figure | undefined {
  const found = LINE.exec(line);
  if (!found) return undefined;
  const [, what, bound, measured, verdict] = found;
  return { what: what!, bound: bound!, measured: measured!, verdict: verdict as Verdict };
}
