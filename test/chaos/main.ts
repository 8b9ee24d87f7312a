/** `npm run chaos`: the local system with everything going wrong by a seeded schedule (docs/RELIABILITY.md). */
import { parseArgs } from 'node:util';
import { runChaos } from './chaos.ts';
import { chaosLines, isWell } from './report.ts';

const USAGE = `npm run chaos -- [flags]
  --seed N       the schedule (default: drawn, and printed)
  --for S        how many seconds things go wrong (default: 60)
  --servers N --gateways N --clients N --capacity N   (default: 4, 2, 24, 16)
  --faults N     at most so many at once (default: 3)
  --plant kill-unseen    break an invariant, to see that it is found`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e6)) },
    for: { type: 'string', default: '60' },
    servers: { type: 'string', default: '4' },
    gateways: { type: 'string', default: '2' },
    clients: { type: 'string', default: '24' },
    capacity: { type: 'string', default: '16' },
    faults: { type: 'string', default: '3' },
    plant: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const NUMBERS = ['seed', 'for', 'servers', 'gateways', 'clients', 'capacity', 'faults'] as const;

const problems = NUMBERS.filter((name) => !(Number(values[name]) >= 0)).map(
  (name) => `--${name} must be a number, got: ${values[name]}`,
);
if (values.help || problems.length > 0) {
  console.log([...problems, USAGE].join('\n'));
  process.exit(problems.length > 0 ? 2 : 0);
}
const stopped = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopped.abort());
const [seed, seconds, servers, gateways, clients, capacity, faults] = NUMBERS.map((name) => Number(values[name]));
const report = await runChaos({
  seed: seed!,
  forMs: seconds! * 1_000,
  ...{ servers: servers!, gateways: gateways!, clients: clients!, capacity: capacity!, faults: faults! },
  ...(values.plant === 'kill-unseen' && { plant: values.plant }),
  say: (line) => console.log(line),
  signal: stopped.signal,
});
for (const line of chaosLines(report)) console.log(line);
if (!isWell(report)) {
  const again = NUMBERS.map((name) => `--${name} ${values[name]}`).join(' ');
  const plant = values.plant === undefined ? '' : ` --plant ${values.plant}`;
  console.log(`once more: npm run chaos -- ${again}${plant}`);
}
process.exit(isWell(report) ? 0 : 1);
