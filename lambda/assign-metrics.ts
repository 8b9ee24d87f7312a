import type { RequestRecord } from '../adapters/http/api.ts';
import type { HttpResponse } from '../adapters/http/types.ts';
import { metricLine } from '../adapters/metrics/metric-line.ts';
import type { OnTake } from '../core/assign/row-takes.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';

/** What an environment of the assign function counts, and tells in its own log. */
export interface AssignMetrics {
  readonly onTake: OnTake;
  /** A call to the registry failed. */
  failed(code: ErrorCode): void;
  /** A request was answered. */
  answered(record: RequestRecord): void;
  /** Times the answer, and tells what there is to tell when it is made. */
  timed(answer: () => HttpResponse | Promise<HttpResponse>): HttpResponse | Promise<HttpResponse>;
}

type CodedName = 'refusals' | 'ticketFailures' | 'registryFailures';

const EVERY_MS = 10_000;
/** Most values of one metric that a line may have; of more requests the first are told. */
const MOST_TIMES = 100;
const CREATED = 201;
/** As they are called in core/metrics/, whose texts would be start time here; a test holds them to it. */
const TAKES = { takes: 'takes', conflicts: 'conflicts', 'takes-unreached': 'takesUnreached' } as const;

/** Counts in memory, and writes at most once in ten seconds, at the end of a request: a line costs more than a count. */
export function createAssignMetrics(deps: {
  readonly deployment: string;
  readonly clock: Clock;
  readonly write: (line: string) => void;
}): AssignMetrics {
  const { deployment, clock, write } = deps;
  let counts: Record<string, number> = {};
  let coded = new Map<string, Record<string, number>>();
  let answerSeconds: number[] = [];
  let toldAtMs = clock.monoMs();

  const add = (name: string): void => {
    counts[name] = (counts[name] ?? 0) + 1;
  };
  const addCoded = (name: CodedName, code: ErrorCode): void => {
    const of = coded.get(code) ?? {};
    coded.set(code, of);
    of[name] = (of[name] ?? 0) + 1;
  };
  const tell = (): void => {
    const wallMs = clock.wallMs();
    const dimensions = { service: 'assign', deployment };
    write(`${metricLine(dimensions, { ...counts, answerSeconds }, wallMs)}\n`);
    for (const [code, values] of coded) write(`${metricLine({ ...dimensions, code }, values, wallMs)}\n`);
    counts = {};
    coded = new Map();
    answerSeconds = [];
  };

  const took = (fromMs: number, answer: HttpResponse): HttpResponse => {
    const nowMs = clock.monoMs();
    if (answerSeconds.length < MOST_TIMES) answerSeconds.push((nowMs - fromMs) / 1_000);
    if (nowMs - toldAtMs >= EVERY_MS) {
      toldAtMs = nowMs;
      tell();
    }
    return answer;
  };

  return {
    onTake: (outcome) => add(TAKES[outcome]),
    failed: (code) => addCoded('registryFailures', code),
    answered({ route, status, code }) {
      if (route === '/v1/assignments' && status === CREATED) add('assignments');
      if (code !== undefined) addCoded(code.startsWith('ticket.') ? 'ticketFailures' : 'refusals', code);
    },
    timed(answer) {
      const fromMs = clock.monoMs();
      const given = answer();
      if (!(given instanceof Promise)) return took(fromMs, given);
      return given.then((late) => took(fromMs, late));
    },
  };
}
