/**
 * `npm run outage`: what happens when parts of the control plane are away, an agent is cut off, a server drains or a clock
 * is wrong, with the real code of every part on a virtual clock (docs/RELIABILITY.md).
 */
import { parseArgs } from 'node:util';
import { CLOCKS, runClocks } from './clocks.ts';
import { PARTS, type Part } from './control-plane.ts';
import { runDrain } from './drain.ts';
import { runOutage } from './outage.ts';
import { runPartition } from './partition.ts';
import {
  clocksVerdicts,
  drainVerdicts,
  outageVerdicts,
  partitionVerdicts,
  type Verdict,
  verdictLine,
} from './verdicts.ts';

const WHAT = ['outage', 'partition', 'drain', 'clocks'] as const;
type What = (typeof WHAT)[number];

const USAGE = `npm run outage -- [flags]
  --what LIST        of ${WHAT.join(', ')} (default: all)
  --seed N           (default: 1)
  --away LIST        what is away at once, of ${PARTS.join(', ')} (default: each in turn, and all)
  --minutes N        how long it is away (default: 10)
  --servers N --capacity N --players N --crashes N    of the fleet (default: 20, 100, 500, 1)
  --per-second N     assignments while a server drains (default: 1000)`;

const { values } = parseArgs({
  options: {
    what: { type: 'string', default: WHAT.join(',') },
    seed: { type: 'string', default: '1' },
    away: { type: 'string' },
    minutes: { type: 'string', default: '10' },
    servers: { type: 'string', default: '20' },
    capacity: { type: 'string', default: '100' },
    players: { type: 'string', default: '500' },
    crashes: { type: 'string', default: '1' },
    'per-second': { type: 'string', default: '1000' },
    help: { type: 'boolean', default: false },
  },
});

const HOUR_MS = 3_600_000;
const PARTITION_MS = 180_000;
/** Until a server that drains may end its sessions. */
const DEADLINE_MS = 60_000;
/** Clocks need no crowd. */
const FEW = { servers: 4, players: 40 };

const count = (name: 'seed' | 'minutes' | 'servers' | 'capacity' | 'players' | 'crashes' | 'per-second'): number =>
  Number(values[name]);

function wrong(): string[] {
  const numbers = ['seed', 'minutes', 'servers', 'capacity', 'players', 'crashes', 'per-second'] as const;
  const lists = { what: WHAT as readonly string[], away: PARTS as readonly string[] };
  return [
    ...numbers.flatMap((name) => (count(name) >= 0 ? [] : [`--${name} must be a number, got: ${values[name]}`])),
    ...(['what', 'away'] as const).flatMap((name) =>
      (values[name]?.split(',') ?? []).flatMap((each) =>
        lists[name].includes(each) ? [] : [`--${name} must be of ${lists[name].join(', ')}, got: ${each}`],
      ),
    ),
  ];
}

/** Runs one thing, prints what it kept; the command that repeats it if it broke something. */
async function told(title: string, again: string, run: () => Promise<Verdict[]>): Promise<boolean> {
  const startMs = performance.now();
  const verdicts = await run();
  console.log(`${title}, seed ${values.seed} (${((performance.now() - startMs) / 1_000).toFixed(0)} s)`);
  for (const verdict of verdicts) console.log(`  ${verdictLine(verdict)}`);
  const isWell = verdicts.every(({ holds }) => holds);
  if (!isWell) console.log(`once more: npm run outage -- --seed ${values.seed} ${again}`);
  return isWell;
}

async function main(): Promise<boolean> {
  const what = values.what.split(',') as What[];
  const seed = count('seed');
  const fleet = { servers: count('servers'), capacity: count('capacity'), players: count('players') };
  const flags = ['servers', 'capacity', 'players', 'crashes']
    .map((name) => `--${name} ${values[name as 'seed']}`)
    .join(' ');
  const away: readonly Part[][] = values.away
    ? [values.away.split(',') as Part[]]
    : [...PARTS.map((part) => [part]), [...PARTS]];
  let isWell = true;
  const tell = async (...args: Parameters<typeof told>): Promise<void> => {
    isWell = (await told(...args)) && isWell;
  };
  for (const parts of what.includes('outage') ? away : []) {
    const again = `--what outage --away ${parts.join(',')} --minutes ${values.minutes} ${flags}`;
    const awayMs = count('minutes') * 60_000;
    await tell(`${parts.join(', ')} away ${values.minutes} minutes`, again, async () =>
      outageVerdicts(await runOutage({ ...fleet, seed, awayMs, away: parts, crashes: count('crashes') })),
    );
  }
  if (what.includes('partition')) {
    await tell('one agent cut off for 3 minutes', `--what partition ${flags}`, async () =>
      partitionVerdicts(await runPartition({ ...fleet, seed, cutMs: PARTITION_MS })),
    );
  }
  if (what.includes('drain')) {
    const perSecond = count('per-second');
    const again = `--what drain --per-second ${perSecond} ${flags}`;
    await tell(`a server drains at ${perSecond} assignments/s`, again, async () =>
      drainVerdicts(await runDrain({ ...fleet, seed, perSecond, deadlineMs: DEADLINE_MS })),
    );
  }
  for (const whose of what.includes('clocks') ? CLOCKS : []) {
    for (const skewMs of [HOUR_MS, -HOUR_MS]) {
      await tell(`wall clock of the ${whose}`, '--what clocks', async () =>
        clocksVerdicts(whose, skewMs, await runClocks({ ...FEW, seed, whose, skewMs })),
      );
    }
  }
  return isWell;
}

const problems = wrong();
if (values.help || problems.length > 0) {
  console.log([...problems, USAGE].join('\n'));
  process.exit(problems.length > 0 ? 2 : 0);
}
// What runs on the virtual clock has no end by itself.
process.exit((await main()) ? 0 : 1);
