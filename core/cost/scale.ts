import { type CostInput, writesPerSecond } from './model.ts';

/** How players play in the tables of docs/COST.md. */
export const SCALE = {
  sessionMinutes: 20,
  sessionsPerServer: 100,
  /** Server processes on one machine, and its type. */
  slots: 4,
  machineType: 'c7g.large',
  diskGib: 20,
  /** Assignments a second for which one more gateway is reckoned. */
  perGateway: 2_000,
  beatMs: 5_000,
  rosterRefreshMs: 1_000,
} as const;

/** Write units a second that a table on demand takes before its quota is raised (DynamoDB Developer Guide, "Quotas"). */
export const TABLE_WRITES = 40_000;

/** A deployment in which `players` play all day, with one fleet and one pool. */
export function scaleInput(players: number, httpShare: 0 | 1): CostInput {
  const perSecond = players / (SCALE.sessionMinutes * 60);
  const servers = Math.ceil(players / SCALE.sessionsPerServer);
  const common = { platform: 'linux', spot: false } as const;
  const datagrams = perSecond * (1 - httpShare);
  const gateways = Math.max(2, Math.ceil(datagrams / SCALE.perGateway));
  const count = Math.ceil(servers / SCALE.slots);
  return {
    zones: 2,
    gateways: { ...common, name: 'gateways', count: gateways, type: 't4g.small', diskGib: 8 },
    doors: gateways,
    fleets: [{ ...common, name: 'the servers themselves', count, type: SCALE.machineType, diskGib: SCALE.diskGib }],
    servers,
    beatMs: SCALE.beatMs,
    rosterRefreshMs: SCALE.rosterRefreshMs,
    pools: 1,
    alarms: 13,
    assign: { memoryMib: 1024, provisioned: 0 },
    demand: { perSecond, httpShare },
  };
}

/** The most players, in steps of 100,000, whose writes one table takes. They are the same either way in. */
export function playersOfOneTable(): number {
  const step = 100_000;
  let players = step;
  while (writesPerSecond(scaleInput(players + step, 0)) <= TABLE_WRITES) players += step;
  return players;
}
