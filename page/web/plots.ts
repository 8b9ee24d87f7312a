import uPlot from 'uplot';
import type { Point } from '../wire.ts';
import { make } from './dom.ts';
import { short } from './format.ts';
import { colour, onColoursChange } from './status.ts';

type Values = readonly (number | null)[];

/** One line of a plot. */
interface Line {
  readonly label: string;
  /** Of page.css. */
  readonly colour: string;
  readonly fill?: boolean;
  readonly areSparse?: boolean;
  readonly values: (points: readonly Point[]) => Values;
}

interface Plot {
  readonly title: string;
  readonly unit: string;
  readonly lines: (points: readonly Point[]) => readonly Line[];
}

const HIGH_PX = 112;
/** A line at 0 needs a scale too. */
const LEAST_TOP = 1;
const MINUTES_S = [60, 120, 300, 600];
const LOST_COLOURS = ['suspect', 'draining', 'accent', 'ready', 'starting', 'muted'];
/** The prefixes of a door's counters say little to people. */
const nameOf = (reason: string): string => reason.replace(/^(dropped|refused)\.(assign\.|wire\.|door\.|ticket\.)?/, '');

function pick(name: Exclude<keyof Point, 'lost'>): Line['values'] {
  return (points) => points.map((point) => point[name]);
}

function lostLines(points: readonly Point[]): Line[] {
  const sums = new Map<string, number>();
  for (const { lost } of points) {
    for (const [reason, rate] of Object.entries(lost)) sums.set(reason, (sums.get(reason) ?? 0) + rate);
  }
  const most = [...sums].sort(([, a], [, b]) => b - a).map(([reason]) => reason);
  const shown = most.slice(0, LOST_COLOURS.length).sort();
  if (shown.length === 0) {
    return [{ label: 'none', colour: 'muted', values: (all) => all.map((p) => (p.answers === null ? null : 0)) }];
  }
  return shown.map((reason, n) => ({
    label: nameOf(reason),
    colour: LOST_COLOURS[n]!,
    values: (all) => all.map(({ answers, lost }) => (answers === null ? null : (lost[reason] ?? 0))),
  }));
}

const PLOTS: readonly Plot[] = [
  {
    title: 'Sessions',
    unit: '',
    lines: () => [
      { label: 'sessions', colour: 'accent', fill: true, values: pick('sessions') },
      { label: 'free seats', colour: 'ready', values: pick('free') },
      { label: 'capacity', colour: 'muted', values: pick('capacity') },
    ],
  },
  {
    title: 'Assignments',
    unit: 'per s',
    lines: () => [{ label: 'given a server', colour: 'accent', fill: true, values: pick('answers') }],
  },
  {
    title: 'Time to answer',
    unit: 'ms',
    lines: () => [
      { label: 'half', colour: 'ready', areSparse: true, values: pick('p50') },
      { label: '95 %', colour: 'accent', areSparse: true, values: pick('p95') },
      { label: '99 %', colour: 'draining', areSparse: true, values: pick('p99') },
    ],
  },
  { title: 'Refused, dropped', unit: 'per s', lines: lostLines },
];

interface Drawn {
  readonly plot: Plot;
  readonly holder: HTMLElement;
  chart?: uPlot;
  /** What the chart was made for. */
  madeFor: string;
}

/** Draws all plots into `section`; the function given shows newer points. */
export function createPlots(section: HTMLElement): (points: readonly Point[]) => void {
  const drawn: Drawn[] = PLOTS.map((plot) => {
    const holder = make('div');
    const title = make('figcaption', '', plot.title, make('small', '', plot.unit));
    section.append(make('figure', '', title, holder));
    return { plot, holder, madeFor: '' };
  });
  let points: readonly Point[] = [];
  let isStale = false;
  const draw = (): void => {
    for (const each of drawn) drawOne(each, points);
  };
  onColoursChange(() => {
    for (const each of drawn) each.madeFor = '';
    draw();
  });
  new ResizeObserver(draw).observe(section);
  document.addEventListener('visibilitychange', () => {
    if (isStale && !document.hidden) draw();
  });
  return (newPoints) => {
    points = newPoints;
    isStale = document.hidden;
    if (!isStale) draw();
  };
}

function drawOne(drawn: Drawn, points: readonly Point[]): void {
  const { plot, holder } = drawn;
  const lines = plot.lines(points);
  const data = [points.map(({ t }) => t), ...lines.map(({ values }) => values(points))] as uPlot.AlignedData;
  const width = Math.floor(holder.clientWidth);
  if (width === 0) return;
  const madeFor = lines.map(({ label }) => label).join();
  if (!drawn.chart || drawn.madeFor !== madeFor) {
    drawn.chart?.destroy();
    drawn.chart = new uPlot(optionsOf(lines, width), data, holder);
    drawn.madeFor = madeFor;
    showLast(drawn.chart);
    return;
  }
  if (drawn.chart.width !== width) drawn.chart.setSize({ width, height: HIGH_PX });
  drawn.chart.setData(data);
  showLast(drawn.chart);
}

/** Where nobody points at a moment, the legend has the newest one. */
function showLast(chart: uPlot): void {
  if ((chart.cursor.left ?? -1) < 0) chart.setLegend({ idx: chart.data[0].length - 1 }, false);
}

function optionsOf(lines: readonly Line[], width: number): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: colour('muted'),
    font: '10px system-ui, sans-serif',
    grid: { stroke: colour('line'), width: 1 },
    ticks: { show: false },
  };
  const time = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', hour12: false });
  return {
    width,
    height: HIGH_PX,
    padding: [6, 16, 0, 0],
    cursor: { y: false, points: { size: 5 }, drag: { x: false, y: false } },
    legend: { live: true },
    scales: { x: { time: true }, y: { range: (_, __, max) => [0, Math.max(max ?? 0, LEAST_TOP) * 1.08] } },
    axes: [
      {
        ...axis,
        size: 18,
        gap: 2,
        space: 44,
        incrs: MINUTES_S,
        values: (_, ticks) => ticks.map((t) => time.format(t * 1_000)),
      },
      { ...axis, size: 34, gap: 3, space: 26, values: (_, ticks) => ticks.map((value) => short(value)) },
    ],
    series: [
      {
        label: 'at',
        value: (_, t) => (t === null ? '' : new Date(t * 1_000).toLocaleTimeString('en', { hour12: false })),
      },
      ...lines.map(
        ({ label, colour: name, fill, areSparse = false }): uPlot.Series => ({
          label,
          stroke: colour(name),
          width: 1.5,
          // Times are there only where somebody asked: single ones must be seen too.
          points: { show: areSparse, size: 4, fill: colour(name) },
          value: (_, value) => short(value),
          ...(fill && { fill: `color-mix(in srgb, ${colour(name)} 14%, transparent)` }),
        }),
      ),
    ],
  };
}
