import type { RegistryStore } from '../ports.ts';
import { type DescribedInstance, judgeRow, type RegistrarSettings } from './registrar.ts';
import { samePlacement } from './roster-static.ts';
import { parseRowKey, type ServerRow } from './row.ts';

/** Tombstones whose agent last wrote longer ago than this are deleted: long after every ticket and retry is over. */
const FORGET_AFTER_MS = 24 * 60 * 60 * 1_000;

export interface RegistrarPassOptions {
  readonly store: Pick<RegistryStore, 'place' | 'bury' | 'forget'>;
  /** The machines with these ids that EC2 knows. Throws OnedoorError `ec2.unreachable`. */
  readonly describe: (ids: readonly string[]) => Promise<ReadonlyMap<string, DescribedInstance>>;
  readonly settings: RegistrarSettings;
  /** Rows to look at: new ones, those of one machine, or all. */
  readonly rows: readonly ServerRow[];
  /** For cleaning only. */
  readonly wallMs: number;
}

/** Keys by what was done; rows where nothing had to be done are in none. */
export interface RegistrarReport {
  readonly placed: readonly string[];
  readonly buried: readonly string[];
  readonly forgotten: readonly string[];
  /** Rows that clients are not sent to, and why. */
  readonly left: readonly { readonly key: string; readonly reason: string }[];
}

/** The rows that the registrar answers for, by machine: an agent made them, and not under the operator's name. */
function byMachine(rows: readonly ServerRow[]): Map<string, ServerRow[]> {
  const machines = new Map<string, ServerRow[]>();
  for (const row of rows) {
    const parts = parseRowKey(row.key);
    if (!parts || parts.enrolled || !row.seats) continue;
    const known = machines.get(parts.machine);
    if (known) known.push(row);
    else machines.set(parts.machine, [row]);
  }
  return machines;
}

/**
 * One pass of the registrar: asks EC2 about the machines of `rows` and writes what it says. Writes one row after the
 * other; a row that changed in between is refused by its condition and comes again. Throws OnedoorError.
 */
export async function registrarPass(options: RegistrarPassOptions): Promise<RegistrarReport> {
  const { store, describe, settings, rows, wallMs } = options;
  const machines = byMachine(rows);
  const report = { placed: [] as string[], buried: [] as string[], forgotten: [] as string[], left: [] as Left[] };
  if (machines.size === 0) return report;
  const instances = await describe([...machines.keys()]);

  async function settle(row: ServerRow, instance: DescribedInstance | undefined): Promise<void> {
    const { key, seats, placement } = row;
    const verdict = judgeRow(key, placement !== undefined, instance, settings);
    const gone = seats?.state === 'gone';
    if (verdict.kind === 'leave') {
      if (!gone) report.left.push({ key, reason: verdict.reason });
    } else if (verdict.kind === 'place') {
      const same = placement !== undefined && samePlacement(placement, verdict.placement);
      if (!same && (await store.place(key, verdict.placement)).ok) report.placed.push(key);
    } else if (!gone) {
      if ((await store.bury(key)).ok) report.buried.push(key);
    } else if (seats && wallMs - seats.hb > FORGET_AFTER_MS) {
      if (await store.forget(key, seats.beat)) report.forgotten.push(key);
    }
  }

  for (const [machine, slots] of machines) {
    for (const row of slots) await settle(row, instances.get(machine));
  }
  return report;
}

type Left = RegistrarReport['left'][number];
