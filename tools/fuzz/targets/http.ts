import { fromAlbEvent } from '../../../adapters/http/alb-event.ts';
import { parseQuery } from '../../../adapters/http/query.ts';
import type { HttpHandler } from '../../../adapters/http/types.ts';
import { ERROR_CODES, type ErrorCode } from '../../../core/errors.ts';
import { parseAddress } from '../../../core/wire/address.ts';
import { anApiBench } from '../../../test/support/api-bench.ts';
import { servers } from '../../../test/support/builders.ts';
import { broken, type Target } from '../target.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('latin1');
const utf8 = new TextDecoder();

/** First line `METHOD target`, then lines `name: value`, an empty line, the body: as it would stand on a connection. */
function readRaw(bytes: Uint8Array): Parameters<HttpHandler>[0] {
  const [head = '', ...rest] = decoder.decode(bytes).split('\n\n');
  const [first = '', ...lines] = head.split('\n');
  const [method = '', target = ''] = first.split(' ');
  const [path = '', query = ''] = target.split('?');
  const headers: Record<string, string> = Object.create(null);
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const body = rest.length === 0 ? undefined : Buffer.from(rest.join('\n\n'), 'latin1');
  return { method, path, query: parseQuery(query), headers, body, sourceAddress: '198.51.100.7' };
}

let api: Promise<HttpHandler> | undefined;

/** Made when it is first asked: the other targets need none. */
function theApi(): Promise<HttpHandler> {
  api ??= anApiBench(servers(3, () => ({ capacity: 1_000_000_000 }))).then((bench) => async (request) => {
    const answer = await bench.send(request);
    bench.records.length = 0;
    bench.landed.length = 0;
    return answer;
  });
  return api;
}

async function checkAnswer(request: Parameters<HttpHandler>[0]): Promise<string> {
  const { status, headers, body } = await (await theApi())(request);
  if (!/^[\w.-]{1,64}$/.test(headers['x-request-id'] ?? '')) throw broken('a request must have an id', headers);
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[\x20-\x7e]*$/.test(value)) throw broken(`field ${name} must be plain`, value);
  }
  if (status < 400) return 'accepted';
  if (request.method === 'HEAD') return String(status);
  const { code } = JSON.parse(String(body)) as { code: ErrorCode };
  if (ERROR_CODES[code]?.http !== status || code === 'http.internal') throw broken('a refusal must be known', code);
  return code;
}

/** An event of the load balancer: any JSON at all. */
async function checkEvent(bytes: Uint8Array): Promise<string> {
  let event: unknown;
  try {
    event = JSON.parse(utf8.decode(bytes));
  } catch {
    return 'no JSON';
  }
  if (typeof event !== 'object' || event === null || !isEvent(event as Record<string, unknown>)) return 'no event';
  const request = fromAlbEvent(event);
  if (request.sourceAddress !== '' && !parseAddress(request.sourceAddress)) {
    throw broken('the source must be an address', request.sourceAddress);
  }
  return await checkAnswer(request);
}

/** What the load balancer promises of its events; only what clients can choose is free. */
function isEvent(event: Readonly<Record<string, unknown>>): boolean {
  const isText = (value: unknown): boolean => value === undefined || typeof value === 'string';
  const lists = [event['multiValueHeaders'], event['multiValueQueryStringParameters']];
  const fields = [event['headers'], event['queryStringParameters']];
  const isMap = (value: unknown, holds: (field: unknown) => boolean): boolean =>
    value === undefined || (typeof value === 'object' && value !== null && Object.values(value).every(holds));
  return (
    [event['httpMethod'], event['path'], event['body']].every(isText) &&
    lists.every((value) =>
      isMap(value, (list) => Array.isArray(list) && list.every((one) => typeof one === 'string')),
    ) &&
    fields.every((value) => isMap(value, (field) => typeof field === 'string'))
  );
}

const ASSIGN = 'POST /v1/assignments\n\n';
const SEEDS = [
  `${ASSIGN}{"app":"arena","client":"p1","family":4,"avoid":["a.0"],"labels":{"a":"b"},"latencies":{"eu":3}}`,
  `${ASSIGN}{"party":["a","b"],"explain":true,"world":"w1","group":"g1","server":"s-00001.0","wait":"x"}`,
  'POST /v1/assignments\nidempotency-key: 0123456789abcdef\n\n{}',
  'GET /v1/servers?app=arena&limit=2&after=s-00000.0\nif-none-match: "x"',
  'GET /v1/apps/arena/worlds\nx-request-id: a',
  'DELETE /v1/assignments/x\nauthorization: Bearer a.b.c',
  'POST /v1/reports\n\n{"ticket":"a.b.c","reason":"silent"}',
  'GET /.well-known/jwks.json',
  'HEAD /healthz',
  'OPTIONS /v1/apps',
];
const WORDS = [
  ...[
    'app',
    'world',
    'group',
    'client',
    'party',
    'server',
    'avoid',
    'labels',
    'latencies',
    'wait',
    'family',
    'explain',
  ],
  ...['"', '":', '[', ']', '{', '}', ',', 'null', 'true', '%', '%00', '\n', '__proto__', 'GET ', 'POST ', 'HEAD '],
];

export const HTTP_TARGETS: readonly Target[] = [
  {
    name: 'http',
    run: (bytes) => checkAnswer(readRaw(bytes)),
    seeds: SEEDS.map((text) => encoder.encode(text)),
    maxBytes: 2_000,
    words: WORDS,
  },
  {
    name: 'event',
    run: checkEvent,
    seeds: [
      {
        httpMethod: 'POST',
        path: '/v1/assignments',
        multiValueHeaders: { 'x-forwarded-for': ['1.2.3.4, [2001:db8::1]:80'] },
        multiValueQueryStringParameters: { app: ['a%20b'] },
        body: '{}',
        isBase64Encoded: false,
      },
      { httpMethod: 'GET', path: '/v1/apps', headers: { 'x-forwarded-for': '1.2.3.4:5' }, queryStringParameters: {} },
    ].map((event) => encoder.encode(JSON.stringify(event))),
    maxBytes: 2_000,
    words: [...WORDS, 'x-forwarded-for', '1.2.3.4', '::1', 'isBase64Encoded'],
    isJson: true,
  },
];
