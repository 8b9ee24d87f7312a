import fc from 'fast-check';
import * as v from 'valibot';
import { beforeAll, describe, expect, it } from 'vitest';
import { type AlbEvent, fromAlbEvent, toAlbEvent, toAlbResult } from '../../../adapters/http/alb-event.ts';
import { ROUTES } from '../../../adapters/http/routes.ts';
import { SCHEMAS } from '../../../adapters/http/schemas.ts';
import type { HttpResponse } from '../../../adapters/http/types.ts';
import { codeInfo, type ErrorCode } from '../../../core/errors.ts';
import { type ApiBench, anApiBench, bodyOf } from '../../support/api-bench.ts';
import { servers } from '../../support/builders.ts';
import { problemSchema } from '../../support/problem-schema.ts';

let bench: ApiBench;

beforeAll(async () => {
  bench = await anApiBench(servers(3, () => ({ capacity: 1_000_000 })));
});

/** Fails unless the response is one of those that docs/openapi.yaml describes. */
function expectSound({ status, headers, body }: HttpResponse, method: string): void {
  expect(headers['x-request-id']).toMatch(/^[\w.-]{1,64}$/);
  for (const [name, value] of Object.entries(headers)) {
    expect(name).toMatch(/^[a-z-]+$/);
    expect(value).toMatch(/^[\x20-\x7e]*$/);
  }
  if (method === 'HEAD' || status === 204 || status === 304) expect(body).toBe('');
  else if (status < 400) {
    const answers = Object.values(SCHEMAS).map(({ answer }) => answer);
    expect(v.is(v.union(answers), bodyOf({ status, headers, body }))).toBe(true);
  } else {
    expect(headers['content-type']).toBe('application/problem+json');
    const parsed = v.safeParse(problemSchema, bodyOf({ status, headers, body }));
    expect(parsed.issues).toBeUndefined();
    const { code, ...said } = parsed.output as v.InferOutput<typeof problemSchema>;
    expect([said.status, codeInfo(code as ErrorCode)?.http]).toEqual([status, status]);
    expect(code).not.toBe('http.internal');
  }
}

const paths = [
  ...Object.values(ROUTES).map(({ path }) => path.replace('{app}', 'arena').replace('{id}', 'x')),
  '/nowhere',
];
const anyText = fc.string({ unit: 'binary', maxLength: 40 });
const method = fc.oneof(fc.constantFrom('GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS', 'PUT', 'TRACE'), anyText);
const path = fc.oneof(
  fc.constantFrom(...paths),
  anyText.map((text) => `/v1/apps/${text}/worlds`),
  anyText,
);
const query = fc.dictionary(
  fc.oneof(fc.constantFrom('app', 'world', 'group', 'after', 'limit', '__proto__'), anyText),
  fc.array(fc.oneof(anyText, fc.nat().map(String)), { minLength: 1, maxLength: 2 }),
  { maxKeys: 3 },
);
const headers = fc.dictionary(
  fc.constantFrom('x-request-id', 'x-amzn-trace-id', 'if-none-match', 'x-forwarded-for', 'content-type', '__proto__'),
  anyText,
);
/** Mostly what is right, so that most get through: 201, and 404 for names that are not there. */
const mostly = <T>(right: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 30, arbitrary: right as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: fc.jsonValue() });
const name = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 24 });
const nearRequest = fc.record(
  {
    app: mostly(fc.oneof(fc.constant('arena'), name)),
    world: mostly(fc.oneof(fc.constant('w1'), name)),
    group: mostly(name),
    client: mostly(name),
    server: mostly(fc.constantFrom('s-00001.0', 'nowhere.0')),
    avoid: mostly(fc.array(name, { maxLength: 3 })),
    labels: mostly(fc.constant({})),
    family: mostly(fc.constantFrom(4, 6)),
    explain: mostly(fc.boolean()),
  },
  { requiredKeys: [] },
);
const body = fc.oneof(
  fc.json(),
  nearRequest.map((value) => JSON.stringify(value)),
  anyText,
  fc.uint8Array({ maxLength: 60 }),
  fc.constant(undefined),
);

describe('the HTTP API answers soundly', () => {
  it('to any request', async () => {
    await fc.assert(
      fc.asyncProperty(
        method,
        path,
        query,
        headers,
        body,
        anyText,
        async (aMethod, aPath, aQuery, some, aBody, from) => {
          const request = {
            method: aMethod,
            path: aPath,
            query: aQuery,
            headers: some,
            body: aBody,
            sourceAddress: from,
          };
          expectSound(await bench.send(request), aMethod);
        },
      ),
      { numRuns: 1_500 },
    );
  });

  it('to any body of an assignment', async () => {
    const seen = new Set<number>();
    await fc.assert(
      fc.asyncProperty(body, async (aBody) => {
        const response = await bench.send({ method: 'POST', path: '/v1/assignments', body: aBody });
        seen.add(response.status);
        expectSound(response, 'POST');
      }),
      { numRuns: 1_500 },
    );
    expect([...seen]).toEqual(expect.arrayContaining([201, 400, 404, 503]));
  });

  it('to any event of a load balancer', async () => {
    const texts = fc.dictionary(anyText, anyText, { maxKeys: 4 });
    const lists = fc.dictionary(anyText, fc.array(anyText, { maxLength: 2 }), { maxKeys: 4 });
    const event = fc.record(
      {
        httpMethod: method,
        path,
        headers: texts,
        multiValueHeaders: lists,
        queryStringParameters: texts,
        multiValueQueryStringParameters: lists,
        body: anyText,
        isBase64Encoded: fc.boolean(),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(event, async (anEvent: Partial<AlbEvent>) => {
        const request = fromAlbEvent(anEvent);
        const response = await bench.send(request);
        expectSound(response, request.method);
        const result = toAlbResult(anEvent, response);
        expect('multiValueHeaders' in result).toBe(anEvent.multiValueHeaders !== undefined);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a request', () => {
  it('comes through the event of a load balancer unchanged', () => {
    const wellFormed = fc.string({ unit: 'grapheme', maxLength: 20 });
    const queries = fc.dictionary(
      wellFormed.filter((name) => name !== '__proto__'),
      fc.array(wellFormed, { minLength: 1, maxLength: 3 }),
      { maxKeys: 5 },
    );
    fc.assert(
      fc.property(method, path, queries, wellFormed, (aMethod, aPath, aQuery, aBody) => {
        const request = { method: aMethod, path: aPath, query: aQuery, headers: {}, body: aBody, sourceAddress: '::1' };
        const back = fromAlbEvent(toAlbEvent(request));
        expect({ ...back, query: { ...back.query } }).toEqual({ ...request, headers: { 'x-forwarded-for': '::1' } });
      }),
    );
  });
});
