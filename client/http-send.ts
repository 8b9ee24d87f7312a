import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Send } from './http-api.ts';

/** A page of the roster has at most 1 MB, everything else much less; whoever sends more is no door. */
const MAX_ROSTER_BYTES = 2 * 1024 * 1024;
const MAX_BODY_BYTES = 64 * 1024;
const TIMEOUT_MS = 10_000;

/**
 * Exchanges with Node's own HTTP.
 * @param base URL of the API, without a slash at the end
 */
export function createSend(base: string, signal?: AbortSignal): Send {
  const send = base.startsWith('https:') ? requestHttps : requestHttp;
  return async ({ method, path, headers, body }) => {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = send(`${base}${path}`, {
        method,
        headers: {
          accept: 'application/json',
          ...(body !== undefined && {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
          }),
          ...headers,
        },
        ...(signal && { signal }),
        timeout: TIMEOUT_MS,
        // A few requests in a session's life: a pool would only keep sockets open.
        agent: false,
      });
      outgoing.on('timeout', () => outgoing.destroy(new Error('timeout')));
      outgoing.on('error', reject);
      outgoing.on('response', resolve);
      outgoing.end(body);
    });
    const text = await readBody(response, path.startsWith('/v1/servers') ? MAX_ROSTER_BYTES : MAX_BODY_BYTES);
    const header = (name: string): string | undefined => response.headers[name]?.toString();
    return { status: response.statusCode ?? 0, header, body: text };
  };
}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) {
      response.destroy();
      throw new Error('the answer is too long');
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
