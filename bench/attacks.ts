/**
 * What strangers try: `node --expose-gc bench/attacks.ts [flags]`, the figures of docs/SECURITY.md. Forged sources that ask a
 * gateway for seats, changed datagrams and requests, and tickets that an agent must not take, before its death and after.
 */
import { parseArgs } from 'node:util';
import { mutate } from '../test/attacks/mutated.ts';
import { floodSpoofed, UNVERIFIED_PER_SECOND } from '../test/attacks/spoofed.ts';
import { attackTickets } from '../test/attacks/tickets.ts';
import { atLeast, atMost, told } from './figure.ts';

const SECTIONS = ['spoofed', 'mutated', 'tickets'] as const;
const USAGE = `npm run attacks -- [flags]
  --only LIST    of ${SECTIONS.join(', ')} (default: all)
  --seed N       (default: 1)
  --sources N    forged ones that ask for a seat (default: 1000000)
  --inputs N     changed datagrams and requests (default: 10000000)
  --tickets N    forged ones (default: 1000000)`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: SECTIONS.join(',') },
    seed: { type: 'string', default: '1' },
    sources: { type: 'string', default: '1000000' },
    inputs: { type: 'string', default: '10000000' },
    tickets: { type: 'string', default: '1000000' },
    help: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
let isShort = false;

/** A night's run ends with what it found. */
function most(what: string, bound: number, measured: number, unit = ''): void {
  isShort ||= !(measured <= bound);
  atMost(what, bound, measured, unit);
}

function least(what: string, bound: number, measured: number, unit = ''): void {
  isShort ||= !(measured >= bound);
  atLeast(what, bound, measured, unit);
}

async function spoofed(): Promise<void> {
  const flood = await floodSpoofed({ sources: Number(values.sources), seed });
  told('forged sources, each asking once', flood.sources);
  told('in', flood.seconds, 's');
  most('memory for them', 10, flood.rssGrowthMb, 'MB');
  most('writes that they cause in the first second', UNVERIFIED_PER_SECOND, flood.writesInFirstSecond);
  most('writes that they cause later', 0, flood.writesLater);
  least('of the free seats that real clients get', 80, flood.realSeatsPct, '%');
  told('p99 of real clients before', flood.p99BeforeUs, 'us');
  most('p99 of real clients in the flood', 2 * flood.p99BeforeUs, flood.p99DuringUs, 'us');
  most('bytes of a reply for each byte of its request', 1, flood.worstReplyRatio);
}

async function mutated(): Promise<void> {
  const seen = await mutate({ inputs: Number(values.inputs), seed });
  told('changed datagrams', seen.datagrams);
  told('changed HTTP requests', seen.requests);
  told('datagrams among them that were well-formed', seen.wellFormed);
  most('thrown', 0, seen.thrown);
  most('malformed ones that were answered', 0, seen.answered);
  most('replies longer than their request', 0, seen.amplified);
}

async function tickets(): Promise<void> {
  const taken = await attackTickets({ forgeries: Number(values.tickets), seed });
  most(`forged tickets taken, of ${values.tickets}`, 0, taken.forged);
  most('tickets taken again after their session, and in the agent’s next life', 0, taken.replayed);
  most('tickets taken of another server or deployment', 0, taken.misdirected);
  most('tickets taken of another client', 0, taken.stolen);
  least('genuine ones taken beside', 1, taken.genuine);
}

const RUN = { spoofed, mutated, tickets };

if (values.help) console.log(USAGE);
else {
  console.log(`seed ${seed}`);
  for (const section of SECTIONS) if (values.only.split(',').includes(section)) await RUN[section]();
  process.exitCode = isShort ? 1 : 0;
}
