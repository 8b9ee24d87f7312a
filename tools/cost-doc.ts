/** Writes docs/COST.md from the prices and the model of core/cost: `npm run docs:costs`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DeployInput } from '../core/config/deploy-config.ts';
import { parseDeployConfig } from '../core/config/parse-deploy-config.ts';
import { idleInput } from '../core/cost/deployment-cost.ts';
import {
  type CostInput,
  type CostPart,
  HOURS_A_MONTH,
  MODEL,
  monthlyParts,
  sumOf,
  writesPerSecond,
} from '../core/cost/model.ts';
import { MACHINE_SOURCES, machineHour, PRICES, PRICES_DATE, PRICES_REGION, type Price } from '../core/cost/prices.ts';
import { playersOfOneTable, SCALE, scaleInput, TABLE_WRITES } from '../core/cost/scale.ts';

const PLAYERS = [10_000, 1_000_000, 100_000_000];
const SECONDS_A_MONTH = HOURS_A_MONTH * 3600;

function dollars(usd: number): string {
  const digits = Math.abs(usd) < 1000 ? 2 : 0;
  return usd.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, column) => (/^[*-]*\d/.test(rows[0]?.[column] ?? '') ? '---:' : '---'));
  return [line(head), `|${rule.join('|')}|`, ...rows.map(line)].join('\n');
}

function isDoor({ isFleet }: CostPart): boolean {
  return !isFleet;
}

function idleTable(): string {
  const parts = monthlyParts(idleInput(parseDeployConfig({})));
  const row = (name: string, usdMonth: number) => [name, dollars((usdMonth * 24) / HOURS_A_MONTH), dollars(usdMonth)];
  const rows = parts.map(({ name, usdMonth }) => row(name, usdMonth));
  return table(['part', '$ a day', '$ a month'], [...rows, row('**all**', sumOf(parts))]);
}

function scaleTable(httpShare: 0 | 1): string {
  const inputs = PLAYERS.map((players) => scaleInput(players, httpShare));
  const bills = inputs.map(monthlyParts);
  const names = [...new Set(bills.flatMap((parts) => parts.filter(isDoor).map(({ name }) => name)))];
  const of = (parts: readonly CostPart[], name: string) => sumOf(parts.filter((part) => part.name === name));
  const rows = names.map((name) => [name, ...bills.map((parts) => dollars(of(parts, name)))]);
  const doors = bills.map((parts) => sumOf(parts.filter(isDoor)));
  const millions = inputs.map(({ demand }) => (demand.perSecond * SECONDS_A_MONTH) / 1e6);
  return table(
    ['$ a month', ...PLAYERS.map((players) => `${players.toLocaleString('en-US')} players`)],
    [
      ...rows,
      ['**the door, all**', ...doors.map((usd) => `**${dollars(usd)}**`)],
      ['**$ for a million assignments**', ...doors.map((usd, n) => `**${dollars(usd / millions[n]!)}**`)],
      [
        'beside it: the servers themselves',
        ...bills.map((parts) => dollars(sumOf(parts.filter((part) => !isDoor(part))))),
      ],
      ['writes a second', ...inputs.map((input) => Math.ceil(writesPerSecond(input)).toLocaleString('en-US'))],
    ],
  );
}

function change(input: DeployInput): number {
  const bill = (config: DeployInput): number => sumOf(monthlyParts(idleInput(parseDeployConfig(config))));
  return bill(input) - bill({});
}

function changeAtScale(httpShare: 0 | 1, patch: Partial<CostInput>): number {
  const input = scaleInput(1_000_000, httpShare);
  return sumOf(monthlyParts({ ...input, ...patch })) - sumOf(monthlyParts(input));
}

const SAMPLE = { name: 'sample', app: 'world', min: 2, max: 2, capacity: 16 };

/** What turning a setting costs: of the idle default deployment, or where that says nothing, with a million players. */
function turningTable(): string {
  const idle: readonly (readonly [string, string, DeployInput])[] = [
    ['`network.maxAzs`', '2 → 3', { network: { maxAzs: 3 } }],
    ['`door`', 'gateways → servers', { door: 'servers' }],
    ['`gateway.min`', '2 → 1', { gateway: { min: 1 } }],
    ['`gateway.min`', '2 → 3', { gateway: { min: 3 } }],
    ['`gateway.instanceType`', 't4g.small → t4g.medium', { gateway: { instanceType: 't4g.medium' } }],
    ['`assign.provisionedConcurrency`', '0 → 1, at 1,024 MiB', { assign: { provisionedConcurrency: 1 } }],
    ['`fleets[].min`', '2 → 3', { fleets: [{ ...SAMPLE, min: 3, max: 3 }] }],
    ['`fleets[].instanceTypes`', 't4g.small → c7g.large', { fleets: [{ ...SAMPLE, instanceTypes: ['c7g.large'] }] }],
    ['`fleets[].purchase`', 'on-demand → spot', { fleets: [{ ...SAMPLE, purchase: 'spot' }] }],
    ['`fleets[].diskGib`', '8 → 16', { fleets: [{ ...SAMPLE, diskGib: 16 }] }],
    ['`fleets[].slots`', '1 → 4', { fleets: [{ ...SAMPLE, slots: 4 }] }],
    ['one more fleet, without machines', '', { fleets: [SAMPLE, { ...SAMPLE, name: 'more', world: 'b', min: 0 }] }],
  ];
  const rows = idle.map(([field, turn, config]) => [field, turn, 'default, idle', dollars(change(config))]);
  const million = (http: 0 | 1, patch: Partial<CostInput>) => dollars(changeAtScale(http, patch));
  const udp = '1,000,000 players, datagrams';
  const http = '1,000,000 players, HTTP';
  return table(
    ['field', 'turned', 'in', '$ a month'],
    [
      ...rows,
      ['`assign.memoryMib`', '1024 → 2048', http, million(1, { assign: { memoryMib: 2048, provisioned: 0 } })],
      ['`runtime.timing.beatMs`', '5000 → 10000', udp, million(0, { beatMs: 10_000 })],
      ['`runtime.rosterRefreshMs`', '1000 → 5000', udp, million(0, { rosterRefreshMs: 5_000 })],
      ['`runtime.rosterRefreshMs`', '1000 → 5000', http, million(1, { rosterRefreshMs: 5_000 })],
    ],
  );
}

function priceTable(): string {
  const rows = Object.values<Price>(PRICES).map(({ usd, per, source, quotedBy }) => [
    `a ${per}`.replace('a hour', 'an hour').replace(/a (NLCU|LCU|arm|IPv4)/, 'an $1'),
    decimal(usd),
    `[AWS](${source})`,
    quotedBy ? `[read](${quotedBy})` : 'not confirmed',
  ]);
  const machines = ['t4g.small', 't4g.medium', SCALE.machineType].map((type) => {
    const [source = '', ...quoted] = MACHINE_SOURCES;
    const seen = quoted.map((url, n) => `[read ${n + 1}](${url})`).join(', ');
    return [
      `an hour of a ${type}, Linux`,
      decimal(machineHour(type) ?? 0),
      `[AWS](${source})`,
      `others of its kind: ${seen}`,
    ];
  });
  return table(['price of', '$', 'stands at', 'quoted by a public page'], [...rows, ...machines]);
}

/** No exponents: 2e-7 is 0.0000002. */
function decimal(usd: number): string {
  return usd.toFixed(12).replace(/\.?0+$/, '');
}

function list(values: Readonly<Record<string, string | number>>): string {
  return table(
    ['taken as given', ''],
    Object.entries(values).map(([what, value]) => [
      what,
      typeof value === 'number' ? value.toLocaleString('en-US') : value,
    ]),
  );
}

const ASSUMPTIONS = {
  'minutes that a player stays': SCALE.sessionMinutes,
  'players on one server': SCALE.sessionsPerServer,
  [`servers on one ${SCALE.machineType}`]: SCALE.slots,
  'assignments a second for each gateway (t4g.small), two at least': SCALE.perGateway,
  'ms between two heartbeats of a server (`runtime.timing.beatMs`)': SCALE.beatMs,
  'writes for one assignment': 1,
  'ms of the assign function for one request, at 1,024 MiB': MODEL.assignMs,
  'new connections a second of one LCU (every HTTP client opens one)': MODEL.lcuConnections,
  'new UDP flows a second of one NLCU': MODEL.nlcuUdpFlows,
  'seconds that the load balancer keeps an idle UDP flow': MODEL.udpIdleSeconds,
  'bytes of a server in the packed roster, written at most once a second': MODEL.rosterBytesPerServer,
};

/** The whole page. */
export function costPage(): string {
  const end = (playersOfOneTable() / 1e6).toFixed(1);
  const saved = (100 - (70 / 90) * 100).toFixed(0);
  return `# What it costs

*For deployers: what it costs, part by part, and by how many players.*

Estimates by list prices of ${PRICES_REGION}, written down on ${PRICES_DATE}. Other regions differ by up to a half and prices change;
each price below says where it stands and who else quotes it. Look at the [AWS Pricing Calculator](https://calculator.aws/)
before you decide. Not in it: data that leaves AWS, taxes, support, free tiers, discounts. This page is made from
\`core/cost/\`; \`npm run docs:costs\` writes it anew. The stack's output \`DailyCost\` says the same of your own configuration
as the first table does of the default one.

## The default deployment while nobody plays

${idleTable()}

More than half of it are the four machines. Machines in \`existingServers\` are not counted: the stack does not know how many
there are.

## With players, day and night

All clients ask by datagrams:

${scaleTable(0)}

All clients ask over HTTP:

${scaleTable(1)}

The door is noise beside the servers behind it. Of the door itself, heartbeats are the largest part: they go with the number
of servers, not of assignments, and \`runtime.timing.beatMs\` turns them.

${list(ASSUMPTIONS)}

**100,000,000 players are arithmetic, not a promise.** One table takes ${TABLE_WRITES.toLocaleString('en-US')} writes a second before its quota is
raised: that is reached at about ${end} million players. Over HTTP an account's 1,000 concurrent functions (10,000 requests a
second) end at 12 million. One function packs the roster of all servers of a deployment, and nothing here was tried at these
sizes: beyond some ten thousand servers, run several deployments.

Agents read the roster only when their game asks for it (\`GET /servers\`). If every game asked every second, 1,000 servers would
read as much as 1,000 doors: let a few ask and tell the others.

## The price of turning a setting

${turningTable()}

\`fleets[].targetUsePct\` from 70 to 90 saves ${saved} % of a fleet that scales, and leaves less room for a rush.
\`fleets[].drainSeconds\` costs a machine's price for as long as its last player stays. \`logRetentionDays\` costs the storage of
logs, cents at this size. \`keyRotationDays\`, \`domain\`, \`permissionsBoundaryArn\` and \`qualifier\` cost nothing.

## Prices

${priceTable()}

Other machines are reckoned by family and size (\`core/cost/prices.ts\`); a type that is not there is left out, and \`DailyCost\`
says so.
`;
}

if (import.meta.main) writeFileSync(join(import.meta.dirname, '../docs/COST.md'), costPage());
