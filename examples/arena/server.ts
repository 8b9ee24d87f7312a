/**
 * A server of the arena, where everybody is a dot that runs about. Two kinds of players come to one port:
 *
 *   UDP    {"join": {"name", "ticket"}}    until {"at": [[name, x, y], …]} comes, then ten times a second
 *          {"go": [dx, dy]}                at least every 3 s
 *   HTTP   GET /                           the page
 *          GET /play?name=…&ticket=…       the same as server-sent events, after {"key"}, for as long as it is open
 *          POST /go {"key", "go"}
 *
 * Whom the agent does not let in gets {"refused": code}. On the internet the page would come by https, and so would the
 * ticket (docs/clients/browser.md).
 */
import { randomUUID } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { createAgentLink } from '../../local/game/agent-link.ts';
import { TICK_MS, World } from './world.ts';

const MAX_BODY_BYTES = 1_024;
const CORS = { 'access-control-allow-origin': '*' };

/** Undefined: it is not of this game. */
function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function hearDatagrams(world: World, bind: string, port: number): void {
  const socket = createSocket('udp4');
  const joining = new Set<string>();
  socket.on('message', async (bytes, peer) => {
    const key = `${peer.address}:${peer.port}`;
    const show = (text: string): void => socket.send(text, peer.port, peer.address);
    const { join, go } = parse(bytes.toString('utf8')) ?? {};
    if (!join) return world.steer(key, go);
    // A repeated request, whose answer is on its way.
    if (world.has(key) || joining.has(key)) return;
    joining.add(key);
    const { name, ticket } = join as Record<string, unknown>;
    const refused = await world.enter(key, String(name), String(ticket), show);
    joining.delete(key);
    if (refused !== undefined) show(JSON.stringify({ refused }));
  });
  socket.bind(port, bind);
}

async function play(world: World, { searchParams }: URL, response: ServerResponse): Promise<void> {
  const key = randomUUID();
  const show = (text: string): boolean => response.write(`data: ${text}\n\n`);
  response.writeHead(200, { 'content-type': 'text/event-stream', ...CORS });
  const refused = await world.enter(key, searchParams.get('name') ?? '', searchParams.get('ticket') ?? '', show);
  show(JSON.stringify(refused === undefined ? { key } : { refused }));
  // As long as the stream is open, the page plays.
  const alive = setInterval(() => world.steer(key), TICK_MS);
  response.on('close', () => {
    clearInterval(alive);
    world.leave(key);
  });
  if (refused !== undefined) response.end();
}

async function go(world: World, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of request) if (body.length < MAX_BODY_BYTES) body += chunk;
  const { key, go } = parse(body) ?? {};
  world.steer(String(key), go);
  response.writeHead(204, CORS).end();
}

/** @param door base URL that the page asks */
async function serveWeb(world: World, bind: string, port: number, door: string): Promise<void> {
  const page = readFileSync(join(import.meta.dirname, 'page.html'), 'utf8').replace('https://play.example.com', door);
  const entryPoints = [join(import.meta.dirname, '../../client/browser.ts')];
  const { outputFiles } = await build({ entryPoints, bundle: true, format: 'esm', write: false });
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://here');
    const send = (type: string, text: string) => response.setHeader('content-type', `${type}; charset=utf-8`).end(text);
    if (url.pathname === '/') send('text/html', page);
    else if (url.pathname === '/onedoor.mjs') send('text/javascript', outputFiles[0]!.text);
    else if (url.pathname === '/play') void play(world, url, response);
    else if (url.pathname === '/go') go(world, request, response).catch(() => response.destroy());
    else response.writeHead(404).end();
  });
  server.listen(port, bind);
}

if (import.meta.main) {
  const type = 'string';
  const options = {
    bind: { type },
    port: { type },
    agent: { type },
    token: { type },
    capacity: { type },
    door: { type },
  };
  const { values } = parseArgs({ options: options as Record<keyof typeof options, { type: 'string' }> });
  const { bind = '127.0.0.1', port = '27015', agent = '', token = '', capacity = '16', door = '' } = values;
  const world = new World(createAgentLink(agent, token), Number(capacity));
  hearDatagrams(world, bind, Number(port));
  await serveWeb(world, bind, Number(port), door);
  setInterval(() => world.tick(), TICK_MS);
}
