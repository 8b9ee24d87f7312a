import type { DeployConfig } from '../config/deploy-config.ts';
import { parseRuntimeConfig } from '../config/runtime-config.ts';
import { type CostInput, type CostPart, HOURS_A_MONTH, monthlyParts, sumOf } from './model.ts';
import { PRICES_DATE, PRICES_REGION } from './prices.ts';

/** Alarms of a deployment without fleets, and of each fleet. */
const ALARMS = 10;
const ALARMS_PER_FLEET = 3;

/** Disk of a gateway, in GiB. */
const GATEWAY_DISK_GIB = 8;

/** A value of an output has at most 1,024 characters; fleets beyond this many are one part. */
const FLEETS_BY_NAME = 8;

/** What a configuration costs with the fewest machines and nobody playing. Existing servers cost heartbeats unknown here. */
export function idleInput(config: DeployConfig): CostInput {
  const { gateway, fleets, network, assign } = config;
  const gateways = config.door === 'gateways' ? gateway.min : 0;
  const { timing, rosterRefreshMs } = parseRuntimeConfig(JSON.stringify(config.runtime));
  return {
    zones: network.vpc?.zones.length ?? network.maxAzs,
    gateways: {
      name: `gateways (${gateways} x ${gateway.instanceType})`,
      count: gateways,
      type: gateway.instanceType,
      platform: 'linux',
      spot: false,
      diskGib: GATEWAY_DISK_GIB,
    },
    doors: config.door === 'gateways' ? gateways : fleets.reduce((sum, { min }) => sum + min, 0),
    fleets: fleets.map(({ name, min, instanceTypes, platform, purchase, diskGib }) => {
      const type = instanceTypes[0] ?? '';
      const spot = purchase === 'spot';
      const label = `fleet ${name} (${min} x ${type}${spot ? ' spot' : ''})`;
      return { name: label, count: min, type, platform, spot, diskGib };
    }),
    servers: fleets.reduce((sum, { min, slots }) => sum + min * slots, 0),
    beatMs: timing.beatMs,
    rosterRefreshMs,
    pools: new Set(fleets.map(({ app, world, group }) => JSON.stringify([app, world, group]))).size,
    alarms: ALARMS + ALARMS_PER_FLEET * fleets.length,
    assign: { memoryMib: assign.memoryMib, provisioned: assign.provisionedConcurrency },
    demand: { perSecond: 0, httpShare: 0 },
  };
}

/** One sentence for the output `DailyCost`, at most 1,024 characters. */
export function dailyCostText(config: DeployConfig): string {
  const parts = fewFleets(monthlyParts(idleInput(config)));
  const unknown = parts.filter(({ isPartial }) => isPartial).map(({ name }) => name);
  return [
    `about ${daily(sumOf(parts))} USD a day while nobody plays: ${parts.map(partText).join('; ')}.`,
    ...(unknown.length > 0 ? [`Not in it: machines of a type without a price (${unknown.length}).`] : []),
    `An estimate by list prices of ${PRICES_REGION} on ${PRICES_DATE}; data out and taxes come on top (docs/COST.md).`,
  ].join(' ');
}

function fewFleets(parts: readonly CostPart[]): readonly CostPart[] {
  const fleets = parts.filter(({ isFleet }) => isFleet);
  if (fleets.length <= FLEETS_BY_NAME) return parts;
  const isPartial = fleets.some((fleet) => fleet.isPartial);
  const name = `${fleets.length} fleets`;
  return [...parts.filter(({ isFleet }) => !isFleet), { name, usdMonth: sumOf(fleets), isFleet: true, isPartial }];
}

function partText({ name, usdMonth, isPartial }: CostPart): string {
  return `${name} ${isPartial ? 'at least ' : ''}${daily(usdMonth)}`;
}

function daily(usdMonth: number): string {
  return ((usdMonth * 24) / HOURS_A_MONTH).toFixed(2);
}
