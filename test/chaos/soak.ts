/** `npm run soak`: the local system under a crowd that comes and goes, for hours, with its processes watched for growth. */
import { parseArgs } from 'node:util';
import { runChaos } from './chaos.ts';
import { GrowthWatch } from './growth.ts';
import { chaosLines, isWell } from './report.ts';

const USAGE = `npm run soak -- [flags]
  --for S        how many seconds (default: 3600; at least 60)
  --clients N    that come and go (default: 60)
  --seed N       what they draw (default: drawn, and printed)`;

const { values } = parseArgs({
  options: {
    for: { type: 'string', default: '3600' },
    clients: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e6)) },
    help: { type: 'boolean', default: false },
  },
});
const [seconds, clients, seed] = [Number(values.for), Number(values.clients), Number(values.seed)];
if (values.help || !(seconds >= 60) || !(clients > 0) || !(seed >= 0)) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}
const SAY_EVERY_MS = 60_000;
const stopped = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopped.abort());
const watch = new GrowthWatch();
let saidMs = Number.NEGATIVE_INFINITY;
const report = await runChaos({
  ...{ seed, clients, faults: 0, forMs: seconds * 1_000, capacity: clients, signal: stopped.signal },
  say: (line) => {
    if (performance.now() - saidMs < SAY_EVERY_MS) return;
    saidMs = performance.now();
    console.log(line);
  },
  onSecond: (system) => watch.look(system),
});
const growth = watch.growth();
for (const line of chaosLines(report)) console.log(line);
for (const { name, rssMb, handles, isBounded } of growth) {
  const [rss, open] = [rssMb.map((mb) => mb.toFixed(0)).join(' -> '), handles.join(' -> ')];
  console.log(`${isBounded ? 'holds ' : 'BROKEN'} ${name}: ${rss} MB, ${open} files and sockets`);
}
const isGood = isWell(report) && growth.every(({ isBounded }) => isBounded);
if (!isGood) console.log(`once more: npm run soak -- --for ${seconds} --clients ${clients} --seed ${seed}`);
process.exit(isGood ? 0 : 1);
