import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createConnectionRoom } from '../../core/connection-room.ts';
import { ConfigError, type ErrorCode } from '../../core/errors.ts';
import { problemResponse } from './problem.ts';
import { parseQuery } from './query.ts';
import { readBody } from './read-body.ts';
import type { HttpHandler, HttpRequest, HttpResponse } from './types.ts';

export interface HttpServerOptions {
  readonly handler: HttpHandler;
  /** Longer bodies get 413 and never reach the handler. @default 16384 */
  readonly maxBodyBytes?: number;
  /** Request line and fields together; more gets 431. @default 8192 */
  readonly maxHeaderBytes?: number;
  /** Connections at the same time; further ones are closed at once. @default 1024 */
  readonly maxConnections?: number;
  /** Of these, how many from one source (an IPv4 address, an IPv6 /64), but for this very machine. @default 64 */
  readonly maxPerSource?: number;
  /** Told of each connection that there was no room for. @default nobody */
  readonly onRefused?: () => void;
  /** From the first byte of a request to its last; slower gets 408. @default 10000 */
  readonly requestTimeoutMs?: number;
  /** How long a connection may lie idle between two requests, or with an answer nobody reads. @default 30000 */
  readonly idleTimeoutMs?: number;
  /** Who leaves more unread of an answer that goes on is disconnected. @default 262144 */
  readonly maxUnreadBytes?: number;
  /** Told what a handler threw; the client gets 500 without details. @default nobody */
  readonly onError?: (error: unknown) => void;
}

export interface HttpServer {
  /**
   * Opens the port; 0 takes any free one.
   * @param host numeric address; `::` takes both families
   * Throws ConfigError if the port is in use or may not be had.
   */
  listen(port: number, host: string): Promise<{ readonly address: string; readonly port: number }>;
  /** Takes nothing new, lets running requests end for `graceMs`, then closes what is left. */
  close(graceMs?: number): Promise<void>;
}

const DEFAULT_GRACE_MS = 5_000;
const MAX_UNREAD_BYTES = 256 * 1024;
/** How often Node looks for requests over their time. */
const TIMEOUT_CHECK_MS = 1_000;

/** What Node's parser gives up with, as codes; everything else is a request that cannot be read. */
const PARSER_CODES: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'http.headers-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'http.timeout',
};

type StreamStart = NonNullable<HttpResponse['goOn']>;

/** The answer to the request of a connection that was read last: until it is sent, what the parser says is not about it. */
const ANSWER = Symbol('answer');
type Connection = Socket & { [ANSWER]?: ServerResponse };

interface ServerState {
  closing: boolean;
  /** What a client may count on, as `Keep-Alive` says it. */
  readonly keepAlive: string;
}

/** HTTP/1.1 on a socket, with a limit on everything; the handler sees whole requests only. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { maxHeaderBytes = 8 * 1024 } = options;
  const { requestTimeoutMs = 10_000, idleTimeoutMs = 30_000 } = options;
  const state: ServerState = { closing: false, keepAlive: `timeout=${Math.floor(idleTimeoutMs / 1000)}` };
  const server = createServer(
    {
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: requestTimeoutMs,
      requestTimeout: requestTimeoutMs,
      // `timeout` below is as long: one timer for a connection, and not another one from each answer to the next request.
      keepAliveTimeout: 0,
      connectionsCheckingInterval: Math.min(TIMEOUT_CHECK_MS, requestTimeoutMs),
      noDelay: true,
    },
    (request, response) => serve(request, response, options, state),
  );
  server.on('connection', bounded(options));
  server.timeout = idleTimeoutMs;
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // In the middle of an answer nothing more can be said.
    const answer = (socket as Connection)[ANSWER];
    if ((answer && !answer.writableFinished) || !socket.writable) socket.destroy();
    else answerUnreadable(error, socket as Socket);
  });
  return {
    async listen(port, host) {
      await openPort(server, port, host);
      const address = server.address() as AddressInfo;
      return { address: address.address, port: address.port };
    },
    async close(graceMs = DEFAULT_GRACE_MS) {
      if (!server.listening) return;
      state.closing = true;
      const closed = once(server, 'close');
      server.close();
      const timer = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(timer);
    },
  };
}

/** Closes at once what there is no room for. */
function bounded({ maxConnections = 1024, maxPerSource = 64, onRefused = () => {} }: HttpServerOptions) {
  const room = createConnectionRoom({ most: maxConnections, mostPerSource: maxPerSource, exceptLoopback: true });
  return (socket: Socket): void => {
    const leave = room.enter(plainAddress(socket.remoteAddress ?? ''));
    if (leave) {
      socket.once('close', leave);
      return;
    }
    onRefused();
    socket.destroy();
  };
}

async function openPort(server: Server, port: number, host: string): Promise<void> {
  try {
    server.listen({ port, host, exclusive: true });
    await once(server, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') throw new ConfigError([`\`port\` must be free, got: ${port} (in use on ${host}).`]);
    if (code === 'EACCES') throw new ConfigError([`\`port\` must be one this user may open, got: ${port}.`]);
    if (code === 'EADDRNOTAVAIL') {
      throw new ConfigError([`\`host\` must be an address of this machine, got: ${host}.`]);
    }
    throw error;
  }
}

/** Everything at once where the handler has its answer at once: no promise is made on the way. */
function serve(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  options: HttpServerOptions,
  state: ServerState,
): void {
  const { handler, maxBodyBytes = 16 * 1024, onError = () => {} } = options;
  const headers = joinFields(incoming.rawHeaders);
  const answer = (given: HttpResponse): void => {
    try {
      send(incoming, outgoing, given, options, state);
    } catch (error) {
      onError(error);
      incoming.socket.destroy();
    }
  };
  const fail = (error: unknown): void => {
    onError(error);
    answer(ownProblem('http.internal'));
  };
  readBody(incoming, Number(headers['content-length'] ?? 0), maxBodyBytes, (body) => {
    (incoming.socket as Connection)[ANSWER] = outgoing;
    if (body === 'too-large') {
      answer(ownProblem('http.body-too-large'));
      return;
    }
    let given: HttpResponse | Promise<HttpResponse>;
    try {
      given = handler(toRequest(incoming, headers, body));
    } catch (error) {
      fail(error);
      return;
    }
    if (given instanceof Promise) given.then(answer, fail);
    else answer(given);
  });
}

/** An answer that no handler gave still has an id to ask about. */
function ownProblem(code: ErrorCode): HttpResponse {
  return problemResponse(code, { headers: { 'x-request-id': randomUUID() } });
}

function send(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  answer: HttpResponse,
  { maxUnreadBytes = MAX_UNREAD_BYTES }: HttpServerOptions,
  { closing, keepAlive }: ServerState,
): void {
  const { status, headers, body } = answer;
  const bodyless = status === 204 || status === 304;
  // Names and values in turn: Node takes them as they are.
  const fields: string[] = [];
  for (const name in headers) fields.push(name, headers[name]!);
  if (closing || !incoming.complete) fields.push('connection', 'close');
  else fields.push('keep-alive', keepAlive);
  if (answer.goOn && incoming.method !== 'HEAD') {
    outgoing.writeHead(status, fields);
    goOn(outgoing, body, answer.goOn, maxUnreadBytes);
    return;
  }
  // The length in an answer to HEAD is that of GET, which the handler alone knows (RFC 9110, section 8.6).
  const ownLength = !bodyless && !answer.goOn && !(incoming.method === 'HEAD' && body.length === 0);
  const bytes = Buffer.byteLength(body);
  if (ownLength) fields.push('content-length', String(bytes));
  outgoing.writeHead(status, fields);
  // Text of one byte a character is ASCII, which is written without being encoded.
  if (bodyless) outgoing.end();
  else outgoing.end(body, bytes === body.length ? 'latin1' : 'utf8');
}

/** An answer without a length, in chunks. */
function goOn(outgoing: ServerResponse, body: HttpResponse['body'], start: StreamStart, maxUnreadBytes: number): void {
  outgoing.write(body);
  const stop = start((text) => {
    outgoing.write(text);
    // Who does not read must not fill the memory.
    if (outgoing.writableLength > maxUnreadBytes) outgoing.destroy();
  });
  outgoing.once('close', stop);
}

function toRequest(
  incoming: IncomingMessage,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array | undefined,
): HttpRequest {
  const url = incoming.url ?? '/';
  const at = url.indexOf('?');
  return {
    method: incoming.method ?? 'GET',
    path: at < 0 ? url : url.slice(0, at),
    query: parseQuery(at < 0 ? '' : url.slice(at + 1)),
    headers,
    body,
    sourceAddress: plainAddress(incoming.socket.remoteAddress ?? ''),
  };
}

/** Names and values in turn, as they came. Node's own object of them would leave some repetitions out. */
function joinFields(raw: readonly string[]): Record<string, string> {
  const joined: Record<string, string> = Object.create(null);
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!.toLowerCase();
    const before = joined[name];
    joined[name] = before === undefined ? raw[at + 1]! : `${before}, ${raw[at + 1]}`;
  }
  return joined;
}

/** A socket of both families gives IPv4 addresses as `::ffff:a.b.c.d`. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/** Requests that never became one: the parser gave up, or time ran out. Written by hand, since there is no response. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  const { status, headers, body } = ownProblem(PARSER_CODES[error.code ?? ''] ?? 'http.bad-request');
  const fields = { ...headers, 'content-length': String(Buffer.byteLength(body)), connection: 'close' };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`);
}
