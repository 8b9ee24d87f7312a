import { readdirSync, readFileSync } from 'node:fs';
import type { ChaosSystem } from './system.ts';

/** What one process takes at one time. */
interface Sample {
  readonly atMs: number;
  readonly rssMb: number;
  /** Files and sockets. */
  readonly handles: number;
}

/** How a process was when it had warmed up, and at the end. */
export interface Growth {
  readonly name: string;
  readonly rssMb: readonly [number, number];
  readonly handles: readonly [number, number];
  readonly isBounded: boolean;
}

const KB_PER_MB = 1_024;
/** Collectors are lazy: what they may leave behind. */
const RSS_SHARE = 1.25;
const RSS_SPARE_MB = 24;
const HANDLES_SPARE = 24;
const SAMPLE_MS = 2_000;

/** Watches memory and handles of every process of the system; Linux alone. */
export class GrowthWatch {
  readonly #samples = new Map<string, Sample[]>();
  #sampledAtMs = Number.NEGATIVE_INFINITY;

  look(system: ChaosSystem): void {
    const nowMs = performance.now();
    if (nowMs - this.#sampledAtMs < SAMPLE_MS) return;
    this.#sampledAtMs = nowMs;
    for (const { name, process } of system.parts()) {
      const sample = sampleOf(process().pid, nowMs);
      if (!sample) continue;
      const list = this.#samples.get(name) ?? [];
      list.push(sample);
      this.#samples.set(name, list);
    }
  }

  /** Medians of the second fifth of the time and of the last one. */
  growth(): Growth[] {
    return [...this.#samples].map(([name, samples]) => {
      const fifth = Math.max(1, Math.floor(samples.length / 5));
      const [early, late] = [samples.slice(fifth, 2 * fifth), samples.slice(-fifth)];
      const both = (pick: (sample: Sample) => number) => [median(early.map(pick)), median(late.map(pick))] as const;
      const rssMb = both((sample) => sample.rssMb);
      const handles = both((sample) => sample.handles);
      const isBounded =
        rssMb[1] <= RSS_SHARE * rssMb[0] + RSS_SPARE_MB && handles[1] <= handles[0] + HANDLES_SPARE && early.length > 0;
      return { name, rssMb, handles, isBounded };
    });
  }
}

function sampleOf(pid: number | undefined, atMs: number): Sample | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const rssMb = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / KB_PER_MB;
    return { atMs, rssMb, handles: readdirSync(`/proc/${pid}/fd`).length };
  } catch {
    return undefined;
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
