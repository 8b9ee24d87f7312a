import { expect, it } from 'vitest';
import { METRICS, type MetricName, metricInfo } from '../../../core/metrics/catalogue.ts';
import { createAssignMetrics } from '../../../lambda/assign-metrics.ts';
import { fakeClock } from '../../support/fake-clock.ts';

const ANSWER = { status: 201, headers: {}, body: '' };
const ASKED = { requestId: 'r', method: 'POST', route: '/v1/assignments' };

function aFunction() {
  const clock = fakeClock();
  const lines: string[] = [];
  const metrics = createAssignMetrics({ deployment: 'onedoor', clock, write: (line) => lines.push(line) });
  return { clock, metrics, told: () => lines.splice(0).map((line) => JSON.parse(line) as Record<string, unknown>) };
}

it('tells at the end of the first request after ten seconds, and then begins anew', async () => {
  const { clock, metrics, told } = aFunction();
  metrics.onTake('takes');
  metrics.onTake('conflicts');
  metrics.onTake('takes-unreached');
  metrics.failed('registry.unreachable');
  metrics.answered({ ...ASKED, status: 201 });
  metrics.answered({ ...ASKED, status: 503, code: 'assign.no-capacity' });
  metrics.answered({ ...ASKED, route: '/v1/reports', status: 403, code: 'ticket.forged' });
  expect(metrics.timed(() => ANSWER)).toBe(ANSWER);
  clock.advance(9_999);
  metrics.timed(() => ANSWER);
  expect(told()).toEqual([]);
  const slow = async () => {
    clock.advance(250);
    return ANSWER;
  };
  expect(await metrics.timed(slow)).toBe(ANSWER);
  const [plain, ...coded] = told();
  expect(plain).toMatchObject({
    ...{ service: 'assign', deployment: 'onedoor', takes: 1, conflicts: 1, takesUnreached: 1, assignments: 1 },
    answerSeconds: [0, 0, 0.25],
  });
  expect(coded).toMatchObject([
    { code: 'registry.unreachable', registryFailures: 1 },
    { code: 'assign.no-capacity', refusals: 1 },
    { code: 'ticket.forged', ticketFailures: 1 },
  ]);
  clock.advance(10_000);
  metrics.timed(() => ANSWER);
  const [again, ...nothing] = told();
  expect(nothing).toEqual([]);
  expect(again).toMatchObject({ answerSeconds: [0] });
  expect(again).not.toHaveProperty('assignments');
});

it('names what it tells as the catalogue does, all of it', () => {
  const { clock, metrics, told } = aFunction();
  for (const outcome of ['takes', 'conflicts', 'takes-unreached'] as const) metrics.onTake(outcome);
  metrics.failed('registry.refused');
  metrics.answered({ ...ASKED, status: 201 });
  metrics.answered({ ...ASKED, status: 503, code: 'assign.no-capacity' });
  metrics.answered({ ...ASKED, status: 403, code: 'ticket.forged' });
  clock.advance(10_000);
  metrics.timed(() => ANSWER);
  const names = told().flatMap(({ _aws, service, deployment, code, ...values }) => Object.keys(values));
  const known = (Object.keys(METRICS) as MetricName[]).map((name) => metricInfo(name).cloudWatch);
  expect(names.sort()).toEqual(known.flatMap((one) => (one?.from.includes('assign') ? [one.name] : [])).sort());
});

it('tells a hundred times at most in one line', () => {
  const { clock, metrics, told } = aFunction();
  for (let asked = 0; asked < 150; asked++) metrics.timed(() => ANSWER);
  clock.advance(10_000);
  metrics.timed(() => ANSWER);
  expect(told()[0]?.['answerSeconds']).toHaveLength(100);
});
