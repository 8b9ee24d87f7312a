/** Every minute: looks at all rows, tombstones those whose machine is gone, lets drained machines go, counts the pools. */
import { createFleetGroups } from '../adapters/autoscaling/fleet-groups.ts';
import { createDynamoClient } from '../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../adapters/dynamodb/registry-store.ts';
import { createWatchStore } from '../adapters/dynamodb/watch-store.ts';
import { createDescribeInstances } from '../adapters/ec2/describe-instances.ts';
import { metricLine } from '../adapters/metrics/metric-line.ts';
import { createLogger } from '../adapters/system/logger.ts';
import { systemClock } from '../adapters/system/system-clock.ts';
import { parseRuntimeConfig } from '../core/config/runtime-config.ts';
import { planFleet } from '../core/registry/fleet-plan.ts';
import { poolFigures } from '../core/registry/pool-figures.ts';
import { registrarPass } from '../core/registry/registrar-pass.ts';
import type { ServerRow } from '../core/registry/row.ts';
import { cutOffProbers } from '../core/suspect/cut-off.ts';
import { createPoolTrends } from './pool-trends.ts';

/** From the schedule. */
interface ReaperEvent {
  /** Names of the fleets' Auto Scaling groups. */
  readonly groups: readonly string[];
  /** Name of the lifecycle hook at which their machines wait. */
  readonly hook: string;
}

const settings = parseRuntimeConfig(process.env['ONEDOOR_CONFIG']);
const log = createLogger({ level: settings.logLevel, base: { service: 'reaper' } });
const onMalformed = (row: object) => log.warn(row, 'a row cannot be read and is skipped');
const table = process.env['ONEDOOR_TABLE'] ?? '';
const client = createDynamoClient();
const store = createRegistryStore({ client, table, onMalformed });
const watch = createWatchStore({ client, table });
const describe = createDescribeInstances();
const fleets = createFleetGroups();
const trends = createPoolTrends();
let emptySince: ReadonlyMap<string, number> = new Map();

async function letGo(rows: readonly ServerRow[], { groups, hook }: ReaperEvent): Promise<void> {
  const plan = planFleet(await fleets.machines(groups), rows, emptySince, systemClock.monoMs());
  emptySince = plan.emptySince;
  await fleets.guard(plan.guard, true);
  await fleets.guard(plan.unguard, false);
  for (const machine of plan.release) {
    if (await fleets.release(machine, hook)) log.info(machine, 'drained: the machine may go');
  }
}

/** Told only while there is something to tell: a metric without a value costs nothing. */
async function tellCutOffs(rows: readonly ServerRow[], wallMs: number): Promise<void> {
  const degradedProbers = cutOffProbers(await watch.cutOffs(), rows, wallMs);
  if (degradedProbers === 0) return;
  process.stdout.write(`${metricLine({ deployment: settings.deployment }, { degradedProbers }, wallMs)}\n`);
}

/** A failure is thrown when everything else is done, so that one service's trouble stops no other work. */
export async function handler(event: ReaperEvent): Promise<void> {
  const rows = await store.list();
  const wallMs = systemClock.wallMs();
  for (const pool of poolFigures(rows, trends.stale(rows))) {
    const { app, world, group, ...figures } = pool;
    const dimensions = { deployment: settings.deployment, app, world, group };
    const timeToFullSeconds = trends.timeToFull(pool, systemClock.monoMs());
    process.stdout.write(`${metricLine(dimensions, { ...figures, timeToFullSeconds }, wallMs)}\n`);
  }
  const [looked, ...others] = await Promise.allSettled([
    registrarPass({ store, describe, settings, rows, wallMs }),
    letGo(rows, event),
    tellCutOffs(rows, wallMs),
  ]);
  if (looked.status === 'fulfilled') log.info(looked.value, 'rows looked at');
  for (const outcome of [...others, looked]) if (outcome.status === 'rejected') throw outcome.reason;
}
