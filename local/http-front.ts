import { type AlbEvent, type AlbResult, fromAlbResult, toAlbEvent } from '../adapters/http/alb-event.ts';
import { createHttpServer, type HttpServer } from '../adapters/http/server.ts';
import type { HttpRequest, HttpResponse } from '../adapters/http/types.ts';
import { CONTROL_PREFIX } from './control.ts';

/**
 * What the load balancer does on AWS: turns requests into the events that the assign function gets there, so that the
 * function's own bundle answers. Requests under `/local/` go to the control of this local system.
 */
export function createHttpFront(deps: {
  readonly assign: (event: AlbEvent) => Promise<AlbResult>;
  readonly control: (request: HttpRequest) => HttpResponse;
  readonly onError: (error: unknown) => void;
}): HttpServer {
  return createHttpServer({
    onError: deps.onError,
    async handler(request) {
      if (request.path.startsWith(CONTROL_PREFIX)) return deps.control(request);
      return fromAlbResult(await deps.assign(toAlbEvent(request)));
    },
  });
}
