import type { HttpResponse } from '../../adapters/http/types.ts';
import { errorResponse, rpcError } from './rpc-error.ts';

/** WatchGameServer: one `{"result": GameServer}` a line, first as it is, then at every change. */
export interface AgonesWatch {
  answer(): HttpResponse;
  /** Something has changed: those who watch hear of it at once, so that they miss no state in between. */
  look(): void;
}

const LOOK_MS = 250;
/** Told again for the server's own idle limit; Agones repeats itself too. */
const REPEAT_MS = 10_000;
const MAX_WATCHERS = 16;

/** Nobody looks while nobody watches. */
export function createAgonesWatch(document: () => unknown): AgonesWatch {
  const watchers = new Set<(text: string) => void>();
  let last = '';
  let quietMs = 0;
  let looker: NodeJS.Timeout | undefined;
  const line = (): string => `${JSON.stringify({ result: document() })}\n`;

  const look = (): void => {
    if (watchers.size === 0) return;
    const now = line();
    if (now === last && quietMs < REPEAT_MS) return;
    quietMs = 0;
    last = now;
    for (const write of watchers) write(now);
  };
  return {
    look,
    answer() {
      if (watchers.size >= MAX_WATCHERS) {
        return errorResponse(rpcError('RESOURCE_EXHAUSTED', `at most ${MAX_WATCHERS} may watch`));
      }
      return {
        status: 200,
        headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
        body: line(),
        goOn(write) {
          if (watchers.size === 0) last = line();
          watchers.add(write);
          looker ??= setInterval(() => {
            quietMs += LOOK_MS;
            look();
          }, LOOK_MS);
          return () => {
            watchers.delete(write);
            if (watchers.size > 0) return;
            clearInterval(looker);
            looker = undefined;
          };
        },
      };
    },
  };
}
