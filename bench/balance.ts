/**
 * How even a pool stays beside an omniscient balancer: `node bench/balance.ts [--scale 0.5] [--only flash] [--singly]`. 1,000
 * servers, 50 assigners with a roster that is a second old (and beats of 5 s: bench/world.ts), stays of 180 s in the mean. The highest load of a server
 * over the mean load: the median of looks every half second. In the flash crowd 5,500 clients a second come for 8 s.
 * `--singly`: also assigners that take each seat by a write of its own.
 */
import { parseArgs } from 'node:util';
import { median } from './cpu.ts';
import { atMost, told } from './figure.ts';
import { type Counts, runScene, type Scene } from './world.ts';

const { values } = parseArgs({
  options: {
    scale: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    singly: { type: 'boolean', default: false },
  },
});
/** Of the servers and of the arrivals: for a quick look. */
const SCALE = Number(values.scale);
const SERVERS = Math.round(1_000 * SCALE);
const ASSIGNERS = 50;
const STAY_SECONDS = 180;
const WARM_SECONDS = 150;
const SECONDS = 210;
const FLASH = { perSecond: 5_500 * SCALE, seconds: 8 };

interface Case {
  readonly name: string;
  readonly most: number;
  readonly scene: Pick<Scene, 'capacities' | 'load' | 'perSecond' | 'seconds' | 'countFromSecond'>;
}

const equal = new Array<number>(SERVERS).fill(100);
const unequal = Array.from({ length: SERVERS }, (_, n) => 27 * [1, 2, 8][n % 3]!);
const steady = { seconds: SECONDS, countFromSecond: WARM_SECONDS };
const normal = (0.4 * 100 * SERVERS) / STAY_SECONDS;
const CASES: readonly Case[] = [
  ...[0.7, 0.9].flatMap((load) => [
    { name: `equal, ${load * 100} %`, most: 1.08, scene: { capacities: equal, load, ...steady } },
    { name: `1x/2x/8x, ${load * 100} %`, most: 1.13, scene: { capacities: unequal, load, ...steady } },
  ]),
  {
    name: 'flash crowd, 40 to 80 %',
    most: 1.12,
    scene: {
      capacities: equal,
      load: 0.4,
      perSecond: (seconds) => (seconds < FLASH.seconds ? FLASH.perSecond : normal),
      seconds: FLASH.seconds + 1,
      countFromSecond: 0,
    },
  },
];

const per100 = (count: number, { assigned }: Counts): number => (100 * count) / assigned;

console.log(`${SERVERS} servers, ${ASSIGNERS} assigners, max/mean; per 100 assignments; refused clients, wrongly`);
for (const { name, most, scene } of CASES.filter((each) => each.name.includes(values.only))) {
  const whole = { ...scene, assigners: ASSIGNERS, staySeconds: STAY_SECONDS, stock: false };
  const ways: readonly (readonly [string, Scene])[] = [
    ['omniscient', { ...whole, isOmniscient: true }],
    ...(values.singly ? [['singly', whole] as const] : []),
    ['with stock', { ...whole, stock: true }],
  ];
  for (const [how, run] of ways) {
    const counts = await runScene(run);
    const uneven = median(counts.unevenness);
    const rest = `writes ${per100(counts.writes, counts).toFixed(1)} conflicts ${per100(counts.refused, counts).toFixed(3)}`;
    console.log(
      `${name.padEnd(24)} ${how.padEnd(15)} ${uneven.toFixed(3)}  ${rest}  ${counts.failed} ${counts.wronged}`,
    );
    const what = `max/mean, ${SERVERS} servers`;
    if (how === 'with stock') atMost(`${what}: ${name}`, most, uneven);
    else told(`${what}, ${how}: ${name}`, uneven);
    if (how === 'omniscient' || scene.load !== 0.9) continue;
    atMost(`conflicts per 100 reservations, ${how}: ${name}`, 0.1, per100(counts.refused, counts));
    atMost(`refused while a seat was free, ${how}: ${name}`, 0, counts.wronged);
  }
}
