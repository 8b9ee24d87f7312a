/**
 * A third kind of app: no game and no telephone but an index of who shares which files. The files themselves go from peer
 * to peer; the index only brings them together. One process, beside an agent with `--load api`:
 *
 *   node examples/share/index.ts 127.0.0.30 5300 http://127.0.0.1:7100 TOKEN_FILE
 *
 *   PUT /me {"name", "port", "files"}   I share these, and serve them at this port; due every 2 s
 *   GET /files/NAME                     ["http://…", …]: who shares it, for those who share
 *
 * Both carry the peer's ticket as a bearer token: the agent says whether it is good for this server.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';

interface Peer {
  readonly session: string;
  readonly name: string;
  readonly url: string;
  readonly files: readonly string[];
  readonly heardMs: number;
}

const SILENCE_MS = 6_000;
const TICK_MS = 500;
const MAX_BODY_BYTES = 65_536;

const [bind = '127.0.0.1', port = '5300', agent = '', tokenFile = ''] = process.argv.slice(2);
/** By ticket. */
const peers = new Map<string, Peer>();

async function askAgent(method: string, path: string, body?: object): Promise<{ id?: string }> {
  const headers = { authorization: `Bearer ${readFileSync(tokenFile, 'utf8').trim()}` };
  const reply = await fetch(`${agent}${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  const text = await reply.text();
  return text.startsWith('{') ? JSON.parse(text) : {};
}

async function read(request: IncomingMessage): Promise<{ name: string; port: number; files: string[] }> {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > MAX_BODY_BYTES) throw new Error('too long');
  }
  const { name, port, files } = JSON.parse(text);
  return { name: String(name).slice(0, 32), port: Number(port), files: Array.isArray(files) ? files.map(String) : [] };
}

/** The status, and what to say. */
async function answer(request: IncomingMessage): Promise<[number, unknown]> {
  const ticket = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const peer = peers.get(ticket);
  if (request.method === 'GET' && request.url?.startsWith('/files/')) {
    if (!peer) return [403, 'announce yourself first'];
    const file = decodeURIComponent(request.url.slice('/files/'.length));
    return [
      200,
      [...peers.values()].filter((each) => each !== peer && each.files.includes(file)).map(({ url }) => url),
    ];
  }
  if (request.method !== 'PUT' || request.url !== '/me') return [404, 'no such thing'];
  const { name, port: at, files } = await read(request);
  const session = peer?.session ?? (await askAgent('POST', '/sessions', { ticket })).id;
  if (session === undefined) return [403, 'the agent does not take this ticket'];
  const address = request.socket.remoteAddress ?? '';
  const url = `http://${isIPv6(address) ? `[${address}]` : address}:${at}`;
  peers.set(ticket, { session, name, url, files, heardMs: performance.now() });
  return [204, undefined];
}

/** The agent learns who is here; a peer that is silent is not. */
async function tick(): Promise<void> {
  for (const [ticket, { heardMs }] of peers) if (performance.now() - heardMs > SILENCE_MS) peers.delete(ticket);
  const here = [...peers.values()];
  const load = {
    sessions: here.map(({ session }) => ({ id: session })),
    participants: here.map(({ name }) => name),
    description: `${new Set(here.flatMap(({ files }) => files)).size} files`,
  };
  // An agent that is away finds the next report.
  await askAgent('PUT', '/load', load).catch(() => undefined);
  setTimeout(tick, TICK_MS);
}

const server = createServer((request, response) => {
  void answer(request)
    .catch((): [number, string] => [400, 'this cannot be read'])
    .then(([status, body]) => response.writeHead(status).end(body === undefined ? undefined : JSON.stringify(body)));
});
server.listen(Number(port), bind, () => void tick());
