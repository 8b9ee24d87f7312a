/** A peer of the share example: serves the files of a directory to others, and fetches theirs from themselves. */
import { once } from 'node:events';
import { createReadStream, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect } from '../../client/index.ts';

export interface SharePeer {
  /** The file's bytes, straight from a peer that has it; undefined: nobody does. */
  fetch(file: string): Promise<Uint8Array | undefined>;
  close(): Promise<void>;
}

const ANNOUNCE_MS = 2_000;

/** @param door `host:port` of the deployment; its app is called `share` */
export async function startPeer(door: string, name: string, directory: string): Promise<SharePeer> {
  const session = await connect({ door, app: 'share', client: name });
  const server = createServer((request, response) => {
    const file = decodeURIComponent(request.url?.slice(1) ?? '');
    // What is not listed is not served, whatever path it names.
    const isShared = readdirSync(directory).includes(file);
    if (isShared) createReadStream(join(directory, file)).pipe(response);
    else response.writeHead(404).end();
  });
  server.listen(0, session.server.address.startsWith('127.') ? '127.0.0.1' : '0.0.0.0');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  /** The index is wherever the session is now: after a failure, on another server. */
  const ask = (method: string, path: string, body?: object): Promise<Response> =>
    fetch(`http://${session.server.address}:${session.server.ports['game']}${path}`, {
      method,
      headers: { authorization: `Bearer ${session.ticket}` },
      ...(body && { body: JSON.stringify(body) }),
    });
  const announce = () => ask('PUT', '/me', { name, port, files: readdirSync(directory) });
  await announce();
  const announcing = setInterval(() => void announce().catch(() => undefined), ANNOUNCE_MS);
  session.on('reassigned', () => void announce().catch(() => undefined));
  return {
    async fetch(file) {
      const path = encodeURIComponent(file);
      const found = (await (await ask('GET', `/files/${path}`)).json()) as string[];
      for (const peer of found) {
        const reply = await fetch(`${peer}/${path}`).catch(() => undefined);
        if (reply?.ok) return await reply.bytes();
      }
      return undefined;
    },
    async close() {
      clearInterval(announcing);
      await session.close();
      server.closeAllConnections();
      server.close();
    },
  };
}
