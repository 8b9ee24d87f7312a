import { machineHour, PRICES } from './prices.ts';

/** Machines of one kind that run all the time. */
export interface CostMachines {
  /** What they are called in the list of parts. */
  readonly name: string;
  readonly count: number;
  readonly type: string;
  readonly platform: 'linux' | 'windows';
  readonly spot: boolean;
  readonly diskGib: number;
}

/** What costs money in a deployment. */
export interface CostInput {
  /** Availability zones, each with one address of the door. */
  readonly zones: number;
  readonly gateways: CostMachines;
  /** Those who read the roster all the time: the gateways, or the machines whose agents are the door. */
  readonly doors: number;
  readonly fleets: readonly CostMachines[];
  /** Rows in the registry: all slots of all machines. */
  readonly servers: number;
  /** Time between two heartbeats of a server. */
  readonly beatMs: number;
  /** Shortest time between two readings of the roster by one door. */
  readonly rosterRefreshMs: number;
  /** Pools that are counted: app, world and group. */
  readonly pools: number;
  readonly alarms: number;
  readonly assign: { readonly memoryMib: number; readonly provisioned: number };
  /** How many clients ask a second, and which share of them over HTTP. */
  readonly demand: { readonly perSecond: number; readonly httpShare: number };
}

/** A line of the bill. */
export interface CostPart {
  readonly name: string;
  readonly usdMonth: number;
  /** True for a fleet: what the servers cost, door or no door. */
  readonly isFleet: boolean;
  /** True if a machine's price is not known, so that it is missing here. */
  readonly isPartial: boolean;
}

export const HOURS_A_MONTH = 730;
const SECONDS_A_MONTH = HOURS_A_MONTH * 3600;
const GB = 1024;

/** Figures of the programs that the model takes as given; docs/COST.md prints them. */
export const MODEL = {
  /** Time of the assign function for one request, in ms: one conditional write and a signature. */
  assignMs: 12,
  /** Time of one pass of the roster function, in ms, and for each 1,000 servers. */
  rosterMs: 20,
  rosterMsPer1000: 10,
  rosterMemoryMib: 1024,
  /** Time of one pass of the reaper, in ms, and for each 1,000 servers. */
  reaperMs: 200,
  reaperMsPer1000: 300,
  reaperMemoryMib: 512,
  /** Bytes of a packed roster: for each server, and servers in one item. */
  rosterBytesPerServer: 32,
  serversPerShard: 1024,
  /** Read units to list one row: half a unit from the index, half a unit for the row. */
  listUnitsPerRow: 1,
  /** Bytes of log lines for each run of a function. */
  logBytesPerRun: 400,
  /** Metrics that are told of each pool, of gateways, and by who answers clients: assignments, takes, common refusals. */
  metricsPerPool: 9,
  metricsOfGateways: 4,
  metricsOfAnswers: 6,
  /** New connections a second that one LCU or NLCU covers (Elastic Load Balancing pricing page). */
  lcuConnections: 25,
  nlcuTcpFlows: 800,
  nlcuUdpFlows: 400,
  /** UDP flows that one NLCU keeps, and how long the load balancer keeps an idle one, in s. */
  nlcuUdpActive: 50_000,
  udpIdleSeconds: 120,
} as const;

/** The bill of a month, part by part. Data that leaves AWS, taxes and free tiers are not in it. */
export function monthlyParts(input: CostInput): readonly CostPart[] {
  return [
    fixed('load balancers', balancers(input)),
    fixed('door addresses', input.zones * PRICES.ipv4Hour.usd * HOURS_A_MONTH),
    machines(input.gateways, false),
    fixed('assign function', assignFunction(input)),
    fixed('registry: heartbeats', writes(beatsPerSecond(input))),
    fixed('registry: seats', writes(input.demand.perSecond)),
    fixed('registry: roster', roster(input)),
    fixed('other functions', otherFunctions(input)),
    fixed('alarms, dashboard and metrics', watching(input)),
    ...input.fleets.map((fleet) => machines(fleet, true)),
  ].filter(({ usdMonth, isPartial }) => usdMonth > 0 || isPartial);
}

export function sumOf(parts: readonly CostPart[]): number {
  return parts.reduce((sum, { usdMonth }) => sum + usdMonth, 0);
}

/** Writes a second to the registry's table, which on demand takes 40,000 before its quota is raised. */
export function writesPerSecond(input: CostInput): number {
  return beatsPerSecond(input) + input.demand.perSecond + rosterWrites(input);
}

function fixed(name: string, usdMonth: number): CostPart {
  return { name, usdMonth, isFleet: false, isPartial: false };
}

function machines({ name, count, type, platform, spot, diskGib }: CostMachines, isFleet: boolean): CostPart {
  const hour = machineHour(type, platform);
  const running = ((hour ?? 0) * (spot ? PRICES.spotShare.usd : 1) + PRICES.ipv4Hour.usd) * HOURS_A_MONTH;
  const usdMonth = count * (running + diskGib * PRICES.diskGibMonth.usd);
  return { name, usdMonth, isFleet, isPartial: count > 0 && hour === undefined };
}

/** Each hour of both, and the units of the larger of their measures: new flows or flows that are open. */
function balancers({ demand: { perSecond, httpShare } }: CostInput): number {
  const http = perSecond * httpShare;
  const datagrams = perSecond - http;
  const units = datagrams * Math.max(1 / MODEL.nlcuUdpFlows, MODEL.udpIdleSeconds / MODEL.nlcuUdpActive);
  const nlcu = units + http / MODEL.nlcuTcpFlows;
  const lcu = http / MODEL.lcuConnections;
  const hour = PRICES.nlbHour.usd + PRICES.albHour.usd + nlcu * PRICES.nlcuHour.usd + lcu * PRICES.lcuHour.usd;
  return hour * HOURS_A_MONTH;
}

function assignFunction({ assign: { memoryMib, provisioned }, demand: { perSecond, httpShare } }: CostInput): number {
  const warm = (provisioned * memoryMib * PRICES.provisionedGbSecond.usd) / GB;
  return warm * SECONDS_A_MONTH + runs(perSecond * httpShare, MODEL.assignMs, memoryMib);
}

function runs(perSecond: number, ms: number, memoryMib: number): number {
  const log = (MODEL.logBytesPerRun / 1e9) * PRICES.logGb.usd;
  const each = PRICES.functionRequest.usd + (ms / 1000) * (memoryMib / GB) * PRICES.functionGbSecond.usd + log;
  return perSecond * SECONDS_A_MONTH * each;
}

function writes(perSecond: number): number {
  return perSecond * SECONDS_A_MONTH * PRICES.writeUnit.usd;
}

function beatsPerSecond({ servers, beatMs }: CostInput): number {
  return (servers * 1000) / beatMs;
}

/** A pass follows every change, at most one a second; a tick each minute. */
function passesPerSecond(input: CostInput): number {
  return Math.min(1, Math.max(1 / 60, beatsPerSecond(input) + input.demand.perSecond));
}

/** Bytes of the items that change with every beat. */
function shards({ servers }: CostInput): readonly number[] {
  const full = Math.floor(servers / MODEL.serversPerShard);
  const rest = servers - full * MODEL.serversPerShard;
  const bytes = (count: number): number => 16 + count * MODEL.rosterBytesPerServer;
  return [...Array<number>(full).fill(bytes(MODEL.serversPerShard)), ...(rest > 0 ? [bytes(rest)] : [])];
}

function unitsOf(bytes: readonly number[], unitBytes: number): number {
  return bytes.reduce((sum, each) => sum + Math.ceil(each / unitBytes), 0);
}

/** The INDEX and every dynamic item, in units of 1 KB. */
function rosterWrites(input: CostInput): number {
  return passesPerSecond(input) * (1 + unitsOf(shards(input), 1024));
}

/** Environments of the assign function that are at work at once (Little's law), at least one if any is. */
function environments({ demand: { perSecond, httpShare } }: CostInput): number {
  const busy = (perSecond * httpShare * MODEL.assignMs) / 1000;
  return busy > 0 ? Math.max(1, busy) : 0;
}

/** Writing it, reading it by each door, and listing all rows twice a minute (roster function and reaper). */
function roster(input: CostInput): number {
  const aReading = 0.5 * (1 + unitsOf(shards(input), 4096));
  const readings = ((input.doors + environments(input)) * 1000) / input.rosterRefreshMs;
  const reads = readings * aReading + (2 * input.servers * MODEL.listUnitsPerRow) / 60;
  return writes(rosterWrites(input)) + reads * SECONDS_A_MONTH * PRICES.readUnit.usd;
}

function otherFunctions(input: CostInput): number {
  const thousands = input.servers / 1000;
  const rosterMs = MODEL.rosterMs + MODEL.rosterMsPer1000 * thousands;
  const reaperMs = MODEL.reaperMs + MODEL.reaperMsPer1000 * thousands;
  return runs(passesPerSecond(input), rosterMs, MODEL.rosterMemoryMib) + runs(1 / 60, reaperMs, MODEL.reaperMemoryMib);
}

function watching({ alarms, pools, gateways, demand: { perSecond, httpShare } }: CostInput): number {
  const { alarmMonth, dashboardMonth, metricMonth, secretMonth } = PRICES;
  const answering = [perSecond * httpShare, gateways.count * perSecond * (1 - httpShare)].filter((rate) => rate > 0);
  const ofGateways = gateways.count > 0 ? MODEL.metricsOfGateways : 0;
  const metrics = pools * MODEL.metricsPerPool + ofGateways + answering.length * MODEL.metricsOfAnswers;
  return alarms * alarmMonth.usd + dashboardMonth.usd + metrics * metricMonth.usd + secretMonth.usd;
}
