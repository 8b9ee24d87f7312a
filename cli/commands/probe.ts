import { lookup } from 'node:dns/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { UsageError } from '../../adapters/cli/flags.ts';
import { problemLine, releaseAssignment, requestAssignment } from '../api.ts';
import type { Run } from '../context.ts';
import type { Address } from '../flags.ts';
import type { Output } from '../output.ts';
import { askOnce, type Wishes } from '../probe/ask.ts';
import { exchangeTcp, exchangeUdp } from '../probe/exchange.ts';
import { explainLines } from './assign.ts';

export interface ProbeFlags extends Wishes {
  readonly count: number;
  /** Seconds between two. */
  readonly interval: number;
  /** Seconds. */
  readonly timeout: number;
  readonly tcp?: true;
  readonly explain?: true;
  /** Base URL of the HTTP API, for --explain. */
  readonly http?: string;
}

const DEFAULT_HTTP_PORT = 8080;

/** Sends probe requests like ping, and sums up. 1 where none was answered. */
export const run: Run<ProbeFlags, [Address]> = async ({ out, signal }, flags, { host, port }) => {
  const { count, interval, timeout, tcp, explain, http, ...wishes } = flags;
  const { address } = await lookup(host).catch(() => {
    throw new UsageError(`the name ${host} has no address`);
  });
  const exchange = tcp ? exchangeTcp : exchangeUdp;
  const timesMs: number[] = [];
  let sent = 0;
  out.line(`PROBE ${host} (${address}) port ${port} over ${tcp ? 'TCP' : 'UDP'}`);
  while (sent < count && !signal.aborted) {
    if (sent++ > 0) await delay(interval * 1000, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    const startedMs = performance.now();
    try {
      const says = await askOnce(wishes, { host: address, port, timeoutMs: timeout * 1000 }, exchange);
      const tookMs = performance.now() - startedMs;
      if (says !== undefined) timesMs.push(tookMs);
      out.line(says === undefined ? 'no answer' : `${says}  time=${tookMs.toFixed(1)} ms`);
      out.data({ answer: says ?? null, tookMs });
    } catch (error) {
      out.line(`no answer: ${(error as NodeJS.ErrnoException).code ?? error}`);
      out.data({ answer: null, problem: String((error as NodeJS.ErrnoException).code ?? error) });
    }
  }
  summary(out, host, sent, timesMs);
  const base = http ?? `http://${host.includes(':') ? `[${host}]` : host}:${DEFAULT_HTTP_PORT}`;
  if (explain) await explainOnce(out, base, wishes);
  return timesMs.length > 0 ? 0 : 1;
};

/** One assignment over HTTP that explains itself; its seat goes back. */
async function explainOnce(out: Output, base: string, wishes: Wishes): Promise<void> {
  const answer = await requestAssignment(base, { ...wishes, explain: true });
  if (answer.ok) await releaseAssignment(base, answer.assignment);
  const lines = answer.ok ? explainLines(answer.assignment) : [`explain: ${problemLine(answer.problem)}`];
  for (const line of lines) out.line(line);
}

function summary(out: Output, host: string, sent: number, timesMs: readonly number[]): void {
  const lossPct = sent === 0 ? 0 : Math.round((100 * (sent - timesMs.length)) / sent);
  out.line(`--- ${host}: ${sent} sent, ${timesMs.length} answered, ${lossPct} % lost`);
  if (timesMs.length === 0) return;
  const sum = timesMs.reduce((total, each) => total + each, 0);
  const shown = [Math.min(...timesMs), sum / timesMs.length, Math.max(...timesMs)].map((ms) => ms.toFixed(1));
  out.line(`    time min/avg/max = ${shown.join('/')} ms`);
}
