/**
 * What happens when servers, doors and networks die: `node bench/reliability.ts [flags]`, the figures of docs/RELIABILITY.md
 * that need no real time. The code of agents, gateways, functions and clients runs on a virtual clock, so each run is the same
 * for the same seed.
 */
import { parseArgs } from 'node:util';
import { runDead } from '../test/suspicion/dead.ts';
import { runFailover } from '../test/suspicion/failover.ts';
import { mistakes } from '../test/suspicion/mistakes.ts';
import { runBlackHole, runSlander } from '../test/suspicion/slander.ts';
import { runStorm } from '../test/suspicion/storm.ts';
import { atLeast, atMost, told } from './figure.ts';

const SECTIONS = ['dead', 'mistakes', 'failover', 'storm', 'slander'] as const;
const USAGE = `node bench/reliability.ts [flags]
  --only LIST    of ${SECTIONS.join(', ')} (default: all)
  --seed N       (default: 1)
  --kills N      servers that die (default: 200)
  --hours N      hours of servers in which packets are lost (default: 60)
  --clients N    of dead servers (default: 500)
  --storm N      clients of the one server that dies (default: 2000)`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: SECTIONS.join(',') },
    seed: { type: 'string', default: '1' },
    kills: { type: 'string', default: '200' },
    hours: { type: 'string', default: '60' },
    clients: { type: 'string', default: '500' },
    storm: { type: 'string', default: '2000' },
    help: { type: 'boolean', default: false },
  },
});
const number = (name: 'seed' | 'kills' | 'hours' | 'clients' | 'storm'): number => Number(values[name]);
const seed = number('seed');

let isShort = false;
/** A night's run ends with what it found. */
function most(what: string, bound: number, measured: number, unit = ''): void {
  isShort ||= measured > bound;
  atMost(what, bound, measured, unit);
}

function least(what: string, bound: number, measured: number, unit = ''): void {
  isShort ||= measured < bound;
  atLeast(what, bound, measured, unit);
}

const SERVERS = 20;
const PER_SECOND = 50;

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.POSITIVE_INFINITY;
}

async function dead(): Promise<void> {
  const report = await runDead({ seed, kills: number('kills'), perSecond: PER_SECOND, servers: SERVERS });
  for (const [way, name, boundMs] of [
    ['udp', 'UDP door', 2_000],
    ['http', 'function', 3_500],
  ] as const) {
    const times = [...report[way]].sort((one, other) => one - other);
    console.log(
      `${name}: ${times.length} kills, median ${at(times, 0.5).toFixed(0)} ms, worst ${at(times, 1).toFixed(0)} ms`,
    );
    most(`last assignment to a dead server, ${name}, p99`, boundMs, at(times, 0.99), 'ms');
  }
}

async function mistaken(): Promise<void> {
  const hours = number('hours');
  most('false suspicions per server-hour, 20 % lost each way', 1, mistakes(hours, 0.2, seed) / hours);
  most(`false suspicions in ${hours} server-hours, 5 % lost each way`, 0, mistakes(hours, 0.05, seed));
}

async function failover(): Promise<void> {
  const { times, oversold } = await runFailover({ seed, clients: number('clients') });
  console.log(`server and doors killed: ${times.length} clients, median ${at(times, 0.5).toFixed(0)} ms`);
  most('server and doors killed: client on a live server, p99', 3_000, at(times, 0.99), 'ms');
  most('server and doors killed: seats oversold', 0, oversold.length);
}

async function storm(): Promise<void> {
  const clients = number('storm');
  const report = await runStorm({ seed, servers: SERVERS, clients });
  least('clients of the dead server that are back', clients, report.back);
  most(`sessions after 1 of ${SERVERS} servers died, max / mean`, 1.1, report.maxByMean);
  told('the same of the newcomers alone', report.newcomersMaxByMean);
  most('busiest 100 ms of their return', 5, 100 * report.busiestSlot, '%');
}

async function slander(): Promise<void> {
  const liars = await runSlander({ seed, servers: SERVERS, clients: 2_000 });
  console.log(`${liars.reports} liars on one server: not given out for ${liars.closedMs.toFixed(0)} ms`);
  most('1 % liars: sessions moved or ended', 0, liars.moved);
  const hole = await runBlackHole({ seed, servers: SERVERS, clients: 200 });
  most('black hole: suspect after', 10_000, hole.suspectMs, 'ms');
  least('black hole: clients elsewhere in the end', hole.clients, hole.elsewhere);
}

const RUNS = { dead, mistakes: mistaken, failover, storm, slander };

const only = values.only.split(',');
const unknown = only.filter((name) => !(SECTIONS as readonly string[]).includes(name));
if (values.help || unknown.length > 0) {
  console.log([...unknown.map((name) => `--only must be of ${SECTIONS.join(', ')}, got: ${name}`), USAGE].join('\n'));
  process.exit(unknown.length > 0 ? 2 : 0);
}
for (const name of SECTIONS) {
  if (!only.includes(name)) continue;
  console.log(`${name}: node bench/reliability.ts --only ${name} --seed ${seed}`);
  await RUNS[name]();
}
// What runs on the virtual clock has no end by itself.
process.exit(isShort ? 1 : 0);
