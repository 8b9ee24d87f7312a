import { parseRowKey, type ServerRow } from './row.ts';

/** A machine of a fleet as Auto Scaling knows it. */
export interface FleetMachine {
  /** Instance id. */
  readonly id: string;
  readonly group: string;
  /** Waits at the lifecycle hook: it may go as soon as somebody says so, and goes anyway when the hook's time is over. */
  readonly leaving: boolean;
  /** Scale-in passes it over. */
  readonly guarded: boolean;
}

export interface FleetPlan {
  readonly guard: readonly FleetMachine[];
  readonly unguard: readonly FleetMachine[];
  /** Machines that may go now. */
  readonly release: readonly FleetMachine[];
  /** For the next pass: since when (monotonic ms) each leaving machine has been empty. */
  readonly emptySince: ReadonlyMap<string, number>;
}

/** A ticket given out just before the drain is good for so long (docs/SEATS.md section 1: T + 2 beats is 52 s). */
const TICKETS_OUT_MS = 55_000;

/**
 * Which machines scale-in must spare, and which of those on their way out may go. Agents have no right on their fleet,
 * so that a rogue one cannot keep machines or send others away: their rows say how many play there, the rest is done
 * from outside. A leaving machine goes when every slot has drained and no ticket for it can be about any more.
 */
export function planFleet(
  machines: readonly FleetMachine[],
  rows: readonly ServerRow[],
  emptySince: ReadonlyMap<string, number>,
  nowMs: number,
): FleetPlan {
  const slots = Map.groupBy(rows, ({ key }) => parseRowKey(key)?.machine ?? '');
  const playedOn = (machine: FleetMachine): boolean => (slots.get(machine.id) ?? []).some(hasSessions);
  const drained = (machine: FleetMachine): boolean => (slots.get(machine.id) ?? []).every(isDrained);
  const empty = machines
    .filter((machine) => machine.leaving && drained(machine))
    .map((machine) => ({ machine, sinceMs: emptySince.get(machine.id) ?? nowMs }));
  const staying = machines.filter(({ leaving }) => !leaving);
  return {
    guard: staying.filter((machine) => !machine.guarded && playedOn(machine)),
    unguard: staying.filter((machine) => machine.guarded && !playedOn(machine)),
    release: empty.filter(({ sinceMs }) => nowMs - sinceMs >= TICKETS_OUT_MS).map(({ machine }) => machine),
    emptySince: new Map(empty.map(({ machine, sinceMs }) => [machine.id, sinceMs])),
  };
}

function hasSessions({ seats }: ServerRow): boolean {
  return seats !== undefined && seats.state !== 'gone' && seats.sessions > 0;
}

/** A row in any other state belongs to an agent that has not noticed yet, or that died beside a living game. */
function isDrained({ seats }: ServerRow): boolean {
  return seats === undefined || seats.state === 'gone' || (seats.state === 'draining' && seats.sessions === 0);
}
