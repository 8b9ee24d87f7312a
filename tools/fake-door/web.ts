import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { problemResponse } from '../../adapters/http/problem.ts';
import { codeInfo, codeName, ERROR_CODES, type ErrorCode } from '../../core/errors.ts';
import { choose, type Place, serverNamed, ticketOf } from './scripts.ts';
import type { DoorScript, Fault } from './table.ts';

const MAX_BODY_BYTES = 16_384;
/** Pages of any origin may try their client here. */
const OPEN = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': '*',
  'access-control-allow-methods': 'GET, POST',
};

/** The HTTP side of a fault: `POST /v1/assignments` and `POST /v1/reports` as docs/openapi.yaml has them. */
export function createWeb(place: Place, { answer, http }: Fault, onRequest: () => void): Server {
  return createServer((request, response) => {
    onRequest();
    if (http === 'silent') return;
    if (http === 'close') {
      request.socket.destroy();
      return;
    }
    if (http === 'redirect') {
      response.writeHead(307, { ...OPEN, location: request.url }).end();
      return;
    }
    if (http === 'garbage') {
      response.writeHead(201, { ...OPEN, 'content-type': 'application/json' }).end('{"server":{"id":');
      return;
    }
    void bodyOf(request).then((body) => reply(place, answer, request, response, body));
  });
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  request.setEncoding('utf8');
  try {
    for await (const chunk of request) if (body.length < MAX_BODY_BYTES) body += chunk;
  } catch {
    // The client went away; what is written to it now goes nowhere.
  }
  return body;
}

function reply(
  place: Place,
  script: DoorScript,
  { method, url }: IncomingMessage,
  response: ServerResponse,
  body: string,
): void {
  if (method === 'OPTIONS') response.writeHead(204, OPEN).end();
  else if (url === '/v1/reports' && method === 'POST') response.writeHead(202, OPEN).end();
  else if (url !== '/v1/assignments') problem(response, 'http.not-found');
  else if (method !== 'POST') problem(response, 'http.method-not-allowed');
  else assign(place, script, response, body);
}

function assign(place: Place, script: DoorScript, response: ServerResponse, body: string): void {
  const avoid = avoidedBy(body);
  if (!avoid) problem(response, 'http.bad-request');
  else if (script.error !== undefined && (script.until === undefined || script.until === 'wait')) {
    problem(response, codeOf(script.error), script.retryAfterMs ?? 0);
  } else if (script.error === undefined && script.server === undefined) problem(response, 'assign.unavailable', 0);
  else {
    const name = choose(place, script, avoid);
    const { intervalSeconds, timeoutMs } = serverNamed(place, name);
    const answer = {
      id: `${serverNamed(place, name).id}:fake:1`,
      server: serverOf(place, name),
      ticket: ticketOf(serverNamed(place, name)),
      activateBy: 4_102_444_800,
      keepalive: { intervalSeconds, transmissions: 0, timeoutMs },
      alternates: (script.alternates ?? []).map((each) => serverOf(place, each)),
    };
    response.writeHead(201, { ...OPEN, 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }
}

function avoidedBy(body: string): readonly string[] | undefined {
  try {
    const { avoid } = (body === '' ? {} : JSON.parse(body)) as { avoid?: unknown };
    return Array.isArray(avoid) ? avoid.map(String) : [];
  } catch {
    return undefined;
  }
}

function serverOf(place: Place, name: string): object {
  const { id, port } = serverNamed(place, name);
  return {
    id,
    [place.host.includes(':') ? 'ipv6' : 'ipv4']: place.host,
    ports: { game: place.basePort + place.table.gamePort, probe: place.basePort + port },
  };
}

function codeOf(wire: number): ErrorCode {
  const known = Object.entries(ERROR_CODES).find(([, info]) => 'wire' in info && info.wire === wire);
  return (known?.[0] as ErrorCode | undefined) ?? 'assign.unavailable';
}

function problem(response: ServerResponse, code: ErrorCode, retryAfterMs?: number): void {
  const detail = `${codeInfo(code).remedy} (${codeName(code)}, from a fake door)`;
  const { status, headers, body } = problemResponse(code, { detail, retryAfterMs });
  response.writeHead(status, { ...OPEN, ...headers }).end(body);
}
