import { createHttpServer } from '../../adapters/http/server.ts';
import { openJournal } from '../../adapters/journal/journal.ts';
import type { Clock } from '../../core/ports.ts';
import type { Log } from '../log.ts';
import { MAX_API_BODY_BYTES } from '../loopback-api.ts';
import type { AgonesOptions } from './agones-options.ts';
import { AgonesDesk, type AgonesSlot } from './desk.ts';
import { parseFacts } from './facts.ts';
import { createAgonesApi } from './rest-api.ts';

/** The desk of one slot with what it knew before, not yet open to the build. */
export async function openAgonesDesk(
  { load, declared, healthSeconds }: AgonesOptions,
  { key, dir, clock, log }: { readonly key: string; readonly dir: string; readonly clock: Clock; readonly log: Log },
): Promise<AgonesDesk> {
  const journal = await openJournal({ dir, name: `${key}.agones`, parse: parseFacts });
  return new AgonesDesk({ key, load, declared, healthSeconds, journal, clock, log });
}

/** Speaks for the build to `slot`, and answers its calls on loopback. Gives what closes the port. */
export async function serveAgones(
  desk: AgonesDesk,
  slot: AgonesSlot,
  { host, port, log }: { readonly host: string; readonly port: number; readonly log: Log },
): Promise<() => Promise<void>> {
  const server = createHttpServer({
    handler: createAgonesApi(desk),
    maxBodyBytes: MAX_API_BODY_BYTES,
    onError: (err) => log.error({ err }, 'a call of the SDK failed'),
  });
  desk.start(slot);
  await server.listen(port, host);
  return () => server.close(0);
}
