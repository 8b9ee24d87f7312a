import type { Sample } from '../../core/metrics/catalogue.ts';
import { createChanges, createNewTimes } from '../../core/metrics/changes.ts';
import type { Scraped } from '../../core/metrics/metric-info.ts';
import { emfLine } from './emf.ts';

const EVERY_MS = 60_000;

/**
 * Tells CloudWatch once a minute what changed. No machine is named: CloudWatch adds up what all of them say, so that a
 * metric costs the same whatever their number. What cannot be told is lost; counters go on from there.
 */
export function startReports(options: {
  readonly service: Scraped;
  readonly deployment: string;
  readonly samples: () => readonly Sample[];
  /** How long servers were silent before they were suspected: upper bound in µs and count. @default none */
  readonly detections?: () => readonly (readonly [number, number])[];
  readonly put: (lines: readonly string[], wallMs: number) => Promise<void>;
  readonly wallMs: () => number;
  readonly onError: (error: unknown) => void;
  /** @default 60000 */
  readonly everyMs?: number;
}): { stop(): void } {
  const { service, deployment, samples, detections = () => [], put, wallMs, onError, everyMs = EVERY_MS } = options;
  const changes = createChanges(service);
  const newTimes = createNewTimes();
  const tell = (): void => {
    const nowMs = wallMs();
    const lines = changes(samples()).map(({ labels, values }) =>
      emfLine({ dimensions: { deployment, ...labels }, values }, service, nowMs),
    );
    const detectionSeconds = newTimes(detections());
    if (detectionSeconds.length > 0) {
      lines.push(emfLine({ dimensions: { deployment }, values: { detectionSeconds } }, service, nowMs));
    }
    put(lines, nowMs).catch(onError);
  };
  const timer = setInterval(tell, everyMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
