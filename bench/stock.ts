/**
 * What stock saves and what it holds back: `node bench/stock.ts [virtual seconds]`. 1,000 assignments a second over 100,000
 * seats, by the assigner itself (bench/world.ts). The second half of the time counts.
 */
import { median } from './cpu.ts';
import { atMost, told } from './figure.ts';
import { type Counts, runScene, type Scene } from './world.ts';

const SECONDS = Number(process.argv[2] ?? 60);
const PER_SECOND = 1_000;
const SEATS = 100_000;

interface Case {
  readonly name: string;
  readonly assigners: number;
  readonly stock: boolean;
  readonly seats: number;
  readonly load: number;
  readonly readAnewUpTo?: number;
}

const GATEWAYS = { name: 'gateways', assigners: 2, stock: true, readAnewUpTo: 128 };
const FUNCTIONS = { name: 'functions', assigners: 64, stock: true };
const CASES: readonly Case[] = [
  ...[0.3, 0.5, 0.7, 0.9, 0.97].map((load) => ({ ...GATEWAYS, seats: 1_000, load })),
  ...[0.5, 0.7, 0.9].map((load) => ({ ...GATEWAYS, seats: 100, load })),
  ...[0.5, 0.7, 0.9].map((load) => ({ ...FUNCTIONS, seats: 1_000, load })),
  { ...FUNCTIONS, stock: false, seats: 1_000, load: 0.7 },
];

const per1000 = (count: number, { assigned }: Counts): number => (count * 1_000) / assigned;

function report({ name, assigners, stock, seats, load }: Case, counts: Counts): void {
  const shown = (count: number): string => per1000(count, counts).toFixed(1).padStart(7);
  const held = median(counts.heldShare) * 100;
  const row = [
    `${name.padEnd(9)} ${String(assigners).padStart(2)} ${stock ? 'stock' : '-    '} ${String(seats).padStart(5)}`,
    `${(load * 100).toFixed(0).padStart(3)} %`,
    ...[counts.writes, counts.refused, counts.expired].map(shown),
    String(counts.failed).padStart(6),
    String(counts.wronged).padStart(5),
    `${held.toFixed(2)} % (most ${(Math.max(...counts.heldShare) * 100).toFixed(2)} %)`,
    median(counts.unevenness).toFixed(3),
  ];
  console.log(row.join(' '));
  if (!stock || seats < 1_000) return;
  const what = `${assigners} ${name}, ${(load * 100).toFixed(0)} % load`;
  const isScarce = load > 0.95;
  if (name === 'functions' || isScarce) told(`writes per 1,000 assignments: ${what}`, per1000(counts.writes, counts));
  else atMost(`writes per 1,000 assignments: ${what}`, 80, per1000(counts.writes, counts));
  atMost(`seats held back, of the free ones: ${what}`, 2, held, '%');
  if (name === 'gateways') atMost(`refused while a seat was free: ${what}`, 0, counts.wronged);
}

console.log(`${SEATS} seats, ${PER_SECOND} assignments/s, ${SECONDS} virtual s; per 1,000 assignments`);
console.log(
  'assigners          seats  load  writes refused expired failed wrong  held back, of the free seats  max/mean',
);
for (const each of CASES) {
  const { seats, load, assigners, stock, readAnewUpTo } = each;
  const scene: Scene = {
    capacities: new Array<number>(SEATS / seats).fill(seats),
    assigners,
    stock,
    load,
    staySeconds: (load * SEATS) / PER_SECOND,
    seconds: SECONDS,
    countFromSecond: SECONDS / 2,
    ...(readAnewUpTo !== undefined && { readAnewUpTo }),
  };
  report(each, await runScene(scene));
}
