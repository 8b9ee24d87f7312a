import { parseAddress } from '../../core/wire/address.ts';
import { parseQuery } from './query.ts';
import type { HttpRequest, HttpResponse } from './types.ts';

/**
 * What an Application Load Balancer sends to a function (AWS, "Using AWS Lambda with an Application Load Balancer"). With
 * multi-value headers on, it fills the `multiValue` fields and no others; else the reverse. It decodes neither path nor
 * query.
 */
export interface AlbEvent {
  readonly requestContext: { readonly elb: { readonly targetGroupArn: string } };
  readonly httpMethod: string;
  readonly path: string;
  readonly queryStringParameters?: Readonly<Record<string, string>>;
  readonly multiValueQueryStringParameters?: Readonly<Record<string, readonly string[]>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/** What it takes back, headers in the same form as in the event. */
export interface AlbResult {
  readonly statusCode: number;
  readonly statusDescription: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

const LOCAL_TARGET_GROUP = 'arn:aws:elasticloadbalancing:local:000000000000:targetgroup/local/0000000000000000';
/** Bodies of these types come as text, all others as base64. */
const TEXT_TYPES = /^(text\/|application\/(json|javascript|xml)\b)/i;

/** The request in an event. Total: a field that is missing is empty. */
export function fromAlbEvent(event: Partial<AlbEvent>): HttpRequest {
  const { httpMethod: method = '', path = '/', isBase64Encoded } = event;
  const headers = joinHeaders(event);
  const body = event.body ?? '';
  return {
    method,
    path,
    query: parseQuery(rawQuery(event)),
    headers,
    body: isBase64Encoded ? Buffer.from(body, 'base64') : body,
    sourceAddress: lastHop(headers['x-forwarded-for']),
  };
}

/** The answer to an event. */
export function toAlbResult(event: Partial<AlbEvent>, response: HttpResponse): AlbResult {
  const { status, body } = response;
  const isText = typeof body === 'string';
  // The load balancer counts the bytes itself.
  const { 'content-length': _, ...headers } = response.headers;
  return {
    statusCode: status,
    statusDescription: String(status),
    ...(event.multiValueHeaders ? { multiValueHeaders: listHeaders(headers) } : { headers }),
    body: isText ? body : Buffer.from(body).toString('base64'),
    isBase64Encoded: !isText,
  };
}

/**
 * The event that a load balancer would make of a request, with multi-value headers: it appends the address that it sees
 * to X-Forwarded-For, and passes text bodies as text.
 */
export function toAlbEvent(request: HttpRequest): AlbEvent {
  const { body = '' } = request;
  const forwarded = request.headers['x-forwarded-for'];
  const chain = forwarded ? `${forwarded}, ${request.sourceAddress}` : request.sourceAddress;
  const headers: Record<string, string> = { ...request.headers, 'x-forwarded-for': chain };
  const isText = typeof body === 'string' || TEXT_TYPES.test(headers['content-type'] ?? '');
  return {
    requestContext: { elb: { targetGroupArn: LOCAL_TARGET_GROUP } },
    httpMethod: request.method,
    path: request.path,
    multiValueQueryStringParameters: encodeQuery(request.query ?? {}),
    multiValueHeaders: listHeaders(headers),
    body: typeof body === 'string' ? body : Buffer.from(body).toString(isText ? 'utf8' : 'base64'),
    isBase64Encoded: !isText,
  };
}

/** The response in a result. */
export function fromAlbResult(result: AlbResult): HttpResponse {
  const headers = joinHeaders(result);
  const body = result.isBase64Encoded ? Buffer.from(result.body, 'base64') : result.body;
  return { status: result.statusCode, headers, body };
}

function listHeaders(headers: Readonly<Record<string, string>>): Record<string, readonly string[]> {
  const lists: Record<string, readonly string[]> = {};
  for (const name in headers) lists[name] = [headers[name]!];
  return lists;
}

function joinHeaders({ headers, multiValueHeaders }: Pick<AlbEvent, 'headers' | 'multiValueHeaders'>) {
  const joined: Record<string, string> = Object.create(null);
  for (const name in multiValueHeaders) joined[name.toLowerCase()] = multiValueHeaders[name]!.join(', ');
  for (const name in headers) joined[name.toLowerCase()] ??= headers[name]!;
  return joined;
}

function rawQuery({ queryStringParameters, multiValueQueryStringParameters }: Partial<AlbEvent>): string {
  const pairs: string[] = [];
  for (const name in multiValueQueryStringParameters) {
    for (const value of multiValueQueryStringParameters[name]!) pairs.push(`${name}=${value}`);
  }
  if (pairs.length > 0) return pairs.join('&');
  for (const name in queryStringParameters) pairs.push(`${name}=${queryStringParameters[name]!}`);
  return pairs.join('&');
}

function encodeQuery(query: NonNullable<HttpRequest['query']>): Record<string, readonly string[]> {
  const encode = (text: string): string => encodeURIComponent(text.toWellFormed());
  return Object.fromEntries(Object.entries(query).map(([name, values]) => [encode(name), values.map(encode)]));
}

/**
 * The address that the last load balancer saw: it appends it to X-Forwarded-For, so all that stands before may be the
 * client's invention. With client ports kept, it is `a.b.c.d:port` or `[v6]:port`.
 */
function lastHop(chain = ''): string {
  const last = chain.slice(chain.lastIndexOf(',') + 1).trim();
  if (parseAddress(last)) return last;
  const bare = /^\[([^\]]*)\](?::\d+)?$|^([^:]*):\d+$/.exec(last);
  const address = bare?.[1] ?? bare?.[2] ?? '';
  return parseAddress(address) ? address : '';
}
