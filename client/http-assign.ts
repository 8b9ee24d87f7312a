import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { ERROR_CODES, type ErrorCode, refuse } from '../core/errors.ts';
import { DEFAULT_KEEPALIVE } from '../core/session/timing.ts';
import type { DoorAnswer, Grant, NamedServer } from '../core/session/types.ts';
import { familyOf, toBytes } from './resolve.ts';

/** An answer has about 2 KiB; whoever sends more is no door. */
const MAX_BODY_BYTES = 64 * 1024;

export interface HttpAsk {
  /** Base URL of the API, without a slash at the end. */
  readonly base: string;
  readonly app?: string;
  readonly world?: string;
  readonly group?: string;
  readonly client: string;
  readonly avoid: readonly string[];
  readonly family: 4 | 6;
  readonly signal: AbortSignal;
}

/** POST /v1/assignments. Undefined: no answer, or none that can be understood. Never rejects. */
export async function askOverHttp(ask: HttpAsk): Promise<DoorAnswer | undefined> {
  try {
    const response = await post(ask);
    const body: unknown = JSON.parse(await readBody(response));
    return response.statusCode === 201 ? readGrant(body, ask.family) : readProblem(body, response);
  } catch {
    return undefined;
  }
}

function post({ base, app, world, group, client, avoid, family, signal }: HttpAsk): Promise<IncomingMessage> {
  const fields = { app, world, group, client, ...(avoid.length > 0 && { avoid }), ...(family === 6 && { family }) };
  const body = JSON.stringify(fields);
  const send = base.startsWith('https:') ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const outgoing = send(`${base}/v1/assignments`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        accept: 'application/json',
      },
      signal,
      // One request in a session's life: a pool would only keep a socket open.
      agent: false,
    });
    outgoing.on('error', reject);
    outgoing.on('response', resolve);
    outgoing.end(body);
  });
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) {
      response.destroy();
      throw new Error('the answer is too long');
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A problem document (RFC 9457); the wait stands in it, or in whole seconds in Retry-After. */
function readProblem(body: unknown, response: IncomingMessage): DoorAnswer | undefined {
  const { code, detail, retryAfterMs } = fieldsOf(body);
  if (typeof code !== 'string' || !Object.hasOwn(ERROR_CODES, code)) return undefined;
  const seconds = Number(response.headers['retry-after']);
  const waitMs = isCount(retryAfterMs) ? retryAfterMs : seconds * 1_000;
  return refuse(code as ErrorCode, {
    ...(Number.isFinite(waitMs) && waitMs >= 0 && { retryAfterMs: waitMs }),
    ...(typeof detail === 'string' && { detail }),
  });
}

function readGrant(body: unknown, family: 4 | 6): DoorAnswer | undefined {
  const { server, ticket, keepalive, alternates } = fieldsOf(body);
  const named = readServer(server, family);
  if (!named) return undefined;
  const others = Array.isArray(alternates) ? alternates.map((alternate) => readServer(alternate, family)) : [];
  const grant: Grant = {
    server: named,
    ...(typeof ticket === 'string' && { ticket }),
    keepalive: readKeepalive(keepalive),
    alternates: others.filter((alternate) => alternate !== undefined),
  };
  return { ok: true, grant };
}

/** Undefined if the server cannot be reached: no address that is one, or no ports. */
function readServer(value: unknown, family: 4 | 6): NamedServer | undefined {
  const { id, ipv4, ipv6, ports, app, world, group } = fieldsOf(value);
  const own = addressOf(family === 4 ? ipv4 : ipv6, family);
  const other = addressOf(family === 4 ? ipv6 : ipv4, family === 4 ? 6 : 4);
  const address = own ?? other;
  const named = Object.entries(fieldsOf(ports)).filter((entry): entry is [string, number] => isPort(entry[1]));
  if (typeof id !== 'string' || !address || named.length === 0) return undefined;
  return {
    id,
    address,
    ...(own && other && { otherAddress: other }),
    ports: Object.fromEntries(named),
    ...(typeof app === 'string' && { app }),
    ...(typeof world === 'string' && { world }),
    ...(typeof group === 'string' && { group }),
  };
}

function readKeepalive(value: unknown): Grant['keepalive'] {
  const { intervalSeconds, transmissions, timeoutMs } = fieldsOf(value);
  if (!isCount(intervalSeconds) || !isCount(transmissions) || !isCount(timeoutMs)) return DEFAULT_KEEPALIVE;
  return { intervalSeconds, transmissions, timeoutMs };
}

function addressOf(value: unknown, family: 4 | 6): Uint8Array | undefined {
  const address = typeof value === 'string' ? toBytes(value) : undefined;
  return address && familyOf(address) === family ? address : undefined;
}

function isPort(value: unknown): boolean {
  return isCount(value) && value >= 1 && value <= 65_535;
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}

/** The fields of a JSON object; none if it is something else. */
function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
