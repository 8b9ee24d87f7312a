/** `npm run outage:real`: parts of the control plane away in real time, with real processes (docs/RELIABILITY.md). */
import { parseArgs } from 'node:util';
import { AWAY, type Away, runAway } from './away.ts';
import { runRealClocks } from './clocks.ts';

const USAGE = `npm run outage:real -- [flags]
  --away LIST    what is away at once, of ${AWAY.join(', ')} (default: each in turn, and all)
  --for S        how many seconds each time (default: 600; at least 30)
  --servers N --clients N --seed N    (default: 6, 60, 1)
  --clocks       no outage: wall clocks that are an hour off`;

const { values } = parseArgs({
  options: {
    away: { type: 'string' },
    for: { type: 'string', default: '600' },
    servers: { type: 'string', default: '6' },
    clients: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    clocks: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const [seconds, servers, clients, seed] = (['for', 'servers', 'clients', 'seed'] as const).map((name) =>
  Number(values[name]),
) as [number, number, number, number];
const asked = values.away?.split(',') ?? [];
const isKnown = asked.every((each) => (AWAY as readonly string[]).includes(each));
if (values.help || !isKnown || !(seconds >= 30) || !(servers >= 3) || !(clients > 0) || !(seed >= 0)) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}
if (values.clocks) {
  const cases = await runRealClocks(seed);
  for (const { whose, skewMs, said, isGood } of cases) {
    console.log(`${isGood ? 'holds ' : 'BROKEN'} clock of the ${whose} off by ${skewMs / 3_600_000} h: ${said}`);
  }
  process.exit(cases.every(({ isGood }) => isGood) ? 0 : 1);
}
const MIN_SHARE = 0.99;
const runs: readonly (readonly Away[])[] =
  asked.length > 0 ? [asked as Away[]] : [...AWAY.map((part) => [part]), [...AWAY]];
let isWell = true;
for (const away of runs) {
  const { books, failovers, failedOver, backMs } = await runAway({
    ...{ seed, away, servers, clients, forMs: seconds * 1_000 },
    say: (line) => console.log(line),
  });
  const isGood = books.breaches.length === 0 && failedOver >= MIN_SHARE * failovers;
  isWell &&= isGood;
  const name = away.join(', ');
  console.log(
    `${isGood ? 'holds ' : 'BROKEN'} ${name} away ${seconds} s: ${books.breaches.length} breaches, ${failedOver} of ${failovers} failed over, agents back after ${backMs.toFixed(0)} ms`,
  );
  for (const { text } of books.breaches.slice(0, 5)) console.log(`  ${text}`);
  if (!isGood) {
    const more = `--away ${away.join(',')} --for ${seconds} --servers ${servers} --clients ${clients}`;
    console.log(`once more: npm run outage:real -- --seed ${seed} ${more}`);
  }
}
process.exit(isWell ? 0 : 1);
