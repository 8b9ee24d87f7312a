/** How many seats were wanted lately, in two half windows, so that old demand is forgotten after at most one of them. */
export interface Demand {
  windowStartMs: number;
  current: number;
  previous: number;
}

export function newDemand(nowMs: number): Demand {
  return { windowStartMs: nowMs, current: 0, previous: 0 };
}

function roll(demand: Demand, nowMs: number, halfMs: number): void {
  const passed = Math.floor((nowMs - demand.windowStartMs) / halfMs);
  if (passed <= 0) return;
  demand.previous = passed === 1 ? demand.current : 0;
  demand.current = 0;
  demand.windowStartMs += passed * halfMs;
}

export function countDemand(demand: Demand, nowMs: number, halfMs: number): void {
  roll(demand, nowMs, halfMs);
  demand.current++;
}

/** What was counted in the half window that runs and the one before. */
export function recentDemand(demand: Demand, nowMs: number, halfMs: number): number {
  roll(demand, nowMs, halfMs);
  return demand.current + demand.previous;
}
