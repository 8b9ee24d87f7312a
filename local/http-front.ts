import { type AlbEvent, type AlbResult, fromAlbResult, toAlbEvent } from '../adapters/http/alb-event.ts';
import { createHttpServer, type HttpServer } from '../adapters/http/server.ts';
import type { HttpHandler, HttpRequest, HttpResponse } from '../adapters/http/types.ts';
import { PAGE_LIMITS } from '../page/server/page.ts';
import { CONTROL_PREFIX } from './control.ts';

/**
 * What the load balancer does on AWS: turns requests into the events that the assign function gets there, so that the
 * function's own bundle answers. Requests under `/local/` go to the control of this local system, those under `/page/` to
 * the page for operators.
 */
export function createHttpFront(deps: {
  readonly assign: (event: AlbEvent) => Promise<AlbResult>;
  readonly control: (request: HttpRequest) => HttpResponse;
  /** @default - no page */
  readonly page?: HttpHandler;
  readonly onError: (error: unknown) => void;
}): HttpServer {
  return createHttpServer({
    onError: deps.onError,
    maxUnreadBytes: PAGE_LIMITS.maxUnreadBytes,
    async handler(request) {
      if (request.path.startsWith(CONTROL_PREFIX)) return deps.control(request);
      const pagePath = pathOfPage(request.path);
      if (deps.page && pagePath !== undefined) return deps.page({ ...request, path: pagePath });
      return fromAlbResult(await deps.assign(toAlbEvent(request)));
    },
  });
}

/** The page's own path of a path under `/page/`. */
function pathOfPage(path: string): string | undefined {
  return path.startsWith('/page/') ? path.slice('/page'.length) : undefined;
}
