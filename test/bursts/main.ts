/**
 * Bursts of clients at many assigner processes on a real engine: `npm run bursts` (docs/SEATS.md, "How it was checked").
 * Prints what happened and one line for each thing that must hold; exits 1, with the command that repeats it, if one
 * does not.
 */
import { parseArgs } from 'node:util';
import { startDynalite } from '../../local/dynalite.ts';
import { startDynamoDbLocal, whyNoDynamoDbLocal } from '../support/dynamodb-local.ts';
import { KINDS, type Kind } from './burst.ts';
import { Fleet } from './fleet.ts';
import { PLANTS, type Plant } from './messages.ts';
import { runBursts } from './run.ts';
import { breachOf, countsLine, timesLine, verdictLines } from './tally.ts';

const USAGE = `npm run bursts -- [--bursts 200] [--processes 64] [--engine dynamodb-local|dynalite] [--seed N]
  [--kinds ${KINDS.join(',')}] [--faster 10] [--from 0] [--clients 128] [--plant ${PLANTS.join('|')}]
--bursts is the number of each kind; --from the number of the first burst; --faster divides the durations of the protocol.`;

const { values } = parseArgs({
  options: {
    bursts: { type: 'string', default: '200' },
    processes: { type: 'string', default: '64' },
    engine: { type: 'string', default: 'dynamodb-local' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    kinds: { type: 'string', default: KINDS.join(',') },
    faster: { type: 'string', default: '10' },
    from: { type: 'string', default: '0' },
    clients: { type: 'string', default: '128' },
    plant: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const stopped = new AbortController();
const ENGINES = new Map([
  ['dynamodb-local', startDynamoDbLocal],
  ['dynalite', () => startDynalite({ table: 'first' })],
]);

function wrong(): string[] {
  const { engine, kinds, plant } = values;
  const problems: string[] = [];
  for (const name of ['bursts', 'processes', 'seed', 'faster', 'from', 'clients'] as const) {
    const least = name === 'from' || name === 'seed' ? 0 : 1;
    const is = Number(values[name]);
    if (!(Number.isInteger(is) && is >= least)) {
      problems.push(`\`--${name}\` must be a whole number from ${least}, got: ${values[name]}.`);
    }
  }
  if (!ENGINES.has(engine)) problems.push(`\`--engine\` must be dynamodb-local or dynalite, got: ${engine}.`);
  if (!kinds.split(',').every((kind) => (KINDS as readonly string[]).includes(kind))) {
    problems.push(`\`--kinds\` must be some of ${KINDS.join(', ')}, got: ${kinds}.`);
  }
  if (plant !== undefined && !(PLANTS as readonly string[]).includes(plant)) {
    problems.push(`\`--plant\` must be one of ${PLANTS.join(', ')}, got: ${plant}.`);
  }
  const absent = engine === 'dynamodb-local' ? whyNoDynamoDbLocal() : undefined;
  if (absent !== undefined) problems.push(`DynamoDBLocal ${absent}.`);
  return problems;
}

async function main(): Promise<void> {
  const kinds = values.kinds.split(',') as Kind[];
  const number = (name: 'bursts' | 'processes' | 'seed' | 'faster' | 'from' | 'clients'): number =>
    Number(values[name]);
  const total = number('bursts') * kinds.length;
  const startedMs = performance.now();
  const seconds = (): string => `${((performance.now() - startedMs) / 1_000).toFixed(0)} s`;
  console.log(
    `${total} bursts (${kinds.join(', ')}), ${values.processes} processes, ${values.engine}, seed ${values.seed}`,
  );
  const engine = await ENGINES.get(values.engine)!();
  const fleet = await Fleet.start(number('processes'));
  console.log(`${seconds()}: the engine and all processes are there`);
  const tallies = await runBursts({
    ...{ endpoint: engine.endpoint, table: 'bursts', fleet, seed: number('seed'), from: number('from') },
    ...{ faster: number('faster'), clients: number('clients') },
    kinds: Array.from({ length: total }, (_, n) => kinds[n % kinds.length]!),
    ...(values.plant !== undefined && { plant: values.plant as Plant }),
    signal: stopped.signal,
    onBurst: (done) => {
      if (done % 10 === 0 || done === total) console.log(`${seconds()}: ${done} of ${total} bursts`);
    },
  });
  await fleet.stop();
  await engine.close();
  for (const [kind, tally] of tallies) console.log(`${kind}: ${countsLine(tally)}`);
  console.log(timesLine([...tallies.values()], number('faster')));
  for (const line of verdictLines([...tallies.values()])) console.log(line);
  console.log(`${seconds()} in all`);
  const found = [...tallies].find(([, { breaches }]) => breaches.length > 0);
  if (!found) return;
  const [kind, { breaches }] = found;
  for (const breach of breaches.slice(0, 10)) console.log(breachOf(breach));
  const again = ['processes', 'engine', 'seed', 'faster', 'clients'].map(
    (name) => `--${name} ${values[name as 'seed']}`,
  );
  if (values.plant !== undefined) again.push(`--plant ${values.plant}`);
  const { burst } = breaches[0]!;
  console.log(`once more: npm run bursts -- --bursts 1 --from ${burst} --kinds ${kind} ${again.join(' ')}`);
  process.exitCode = 1;
}

const problems = values.help ? [] : wrong();
// The second time ends it at once.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stopped.signal.aborted) process.exit(1);
    console.log('no further burst');
    stopped.abort();
  });
}
if (values.help) {
  console.log(USAGE);
} else if (problems.length > 0) {
  console.error(`${problems.join('\n')}\n${USAGE}`);
  process.exitCode = 2;
} else {
  await main();
}
