import type { ReportDesk } from '../../core/suspect/reports.ts';
import { jsonAnswer } from './answer.ts';
import type { Handlers } from './router.ts';
import type { ReportAnswer } from './schemas.ts';

/** `POST /v1/reports`. The reason is for people and counters; what is done is the same. */
export function createReportRoute(desk: ReportDesk): Handlers['report'] {
  return async ({ body }) => {
    const outcome = await desk.report(body.ticket);
    const noted: ReportAnswer = { status: 'noted' };
    return outcome.ok ? jsonAnswer(202, noted) : outcome;
  };
}
