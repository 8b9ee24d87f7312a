import { refuse } from '../../core/errors.ts';
import type { Signer } from '../../core/ports.ts';
import type { RosterView } from '../../core/registry/roster.ts';
import { jsonAnswer } from './answer.ts';
import { createRosterDocuments } from './roster-documents.ts';
import type { Handlers } from './router.ts';

/** The roster is read about once a second, so nothing changes sooner. */
const BRIEFLY = 'public, max-age=1';

/** `GET /v1/apps`, `GET /v1/apps/{app}/worlds` and `GET /v1/servers` */
export function createRosterRoutes(deps: {
  readonly view: () => RosterView;
  readonly signer: Signer;
}): Pick<Handlers, 'apps' | 'worlds' | 'servers'> {
  const documents = createRosterDocuments(deps.signer);
  return {
    apps: () => jsonAnswer(200, documents.apps(deps.view()), BRIEFLY),
    worlds({ param }) {
      const worlds = documents.worlds(deps.view(), param);
      return worlds ? jsonAnswer(200, worlds, BRIEFLY) : refuse('assign.unknown-app');
    },
    servers({ request, query }) {
      const { body, etag, signature } = documents.page(deps.view(), query);
      // With 304 too: the same body, signed anew.
      const headers = { etag, 'cache-control': 'no-cache', 'roster-signature': signature };
      if (matches(request.headers['if-none-match'], etag)) return { status: 304, headers, body: '' };
      return {
        status: 200,
        headers: { ...headers, 'content-type': 'application/json' },
        body,
      };
    },
  };
}

/** If-None-Match by weak comparison (RFC 9110, section 13.1.2). */
function matches(field: string | undefined, etag: string): boolean {
  if (field === undefined) return false;
  return field.split(',').some((part) => {
    const tag = part.trim();
    return tag === '*' || tag === etag || tag === `W/${etag}`;
  });
}
