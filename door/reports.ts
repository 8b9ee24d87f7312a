import { createVerifier } from '../adapters/crypto/verifier.ts';
import type { Clock, Verify, WatchStore } from '../core/ports.ts';
import { createReportDesk } from '../core/suspect/reports.ts';

/** Takes the ticket of a client that could not reach its server. At once; what comes of it is nobody's answer. */
export type TakeReport = (ticket: string) => void;

/** Keys change once in weeks, and each is published long before it signs. */
const KEEP_KEYS_MS = 60_000;
/** Each costs a signature check and three calls of the registry; five are enough. */
const REPORTS_PER_SECOND = 20;

type DeskDeps = Parameters<typeof createReportDesk>[0];

/** The reports that come with requests by UDP and TCP. */
export function createTakeReport(
  deps: Pick<DeskDeps, 'iss' | 'view' | 'onSuspect'> & {
    readonly store: DeskDeps['store'] & { readKeys(): Promise<Parameters<typeof createVerifier>[0]> };
    readonly watch: WatchStore;
    readonly clock: Clock;
    readonly onError: (error: unknown) => void;
  },
): TakeReport {
  const { store, clock, onError } = deps;
  let verify: Promise<Verify> | undefined;
  let readAtMs = Number.NEGATIVE_INFINITY;
  let second = 0;
  let taken = 0;
  const verifier = (): Promise<Verify> => {
    if (!verify || clock.monoMs() - readAtMs >= KEEP_KEYS_MS) {
      readAtMs = clock.monoMs();
      verify = store.readKeys().then(createVerifier);
      verify.catch(() => {
        verify = undefined;
      });
    }
    return verify;
  };
  const desk = createReportDesk({ ...deps, verify: verifier });
  return (ticket) => {
    const now = Math.floor(clock.monoMs() / 1_000);
    if (now !== second) taken = 0;
    second = now;
    if (++taken <= REPORTS_PER_SECOND) desk.report(ticket).catch(onError);
  };
}
