import type { ReleaseDesk } from '../../core/assign/release-desk.ts';
import { refuse } from '../../core/errors.ts';
import { jsonAnswer } from './answer.ts';
import type { Handlers } from './router.ts';
import type { ReleaseAnswer } from './schemas.ts';

/** RFC 6750, section 2.1; the name of the scheme is not case-sensitive (RFC 9110, section 11.1). */
const BEARER = /^Bearer +(\S+)$/i;
const headers = { 'www-authenticate': 'Bearer' };

/** `DELETE /v1/assignments/{id}` */
export function createReleaseRoute(desk: ReleaseDesk): Handlers['release'] {
  return async ({ request, param }) => {
    const ticket = BEARER.exec(request.headers['authorization'] ?? '')?.[1];
    const outcome = ticket === undefined ? refuse('http.unauthorized') : await desk.release(param, ticket);
    const told: ReleaseAnswer = { status: 'told' };
    if (outcome.ok) return jsonAnswer(200, told);
    return outcome.code === 'http.unauthorized' ? { ...outcome, headers } : outcome;
  };
}
