import { describe, expect, it } from 'vitest';
import {
  type AlbEvent,
  fromAlbEvent,
  fromAlbResult,
  toAlbEvent,
  toAlbResult,
} from '../../../adapters/http/alb-event.ts';
import type { HttpRequest } from '../../../adapters/http/types.ts';

const TARGET = {
  elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/f/6d0ecf83' },
};

/** As in AWS's documentation of functions as targets. */
function anEvent(changed: Partial<AlbEvent> = {}): AlbEvent {
  return {
    requestContext: TARGET,
    httpMethod: 'GET',
    path: '/v1/apps/a%2Fb/worlds',
    queryStringParameters: { app: 'a%20b%2B', world: 'c+d' },
    headers: {
      accept: 'text/html,application/xhtml+xml',
      host: 'door.example.com',
      'x-amzn-trace-id': 'Root=1-5bdb40ca-556d8b0c50dc66f0511bf520',
      'x-forwarded-for': '72.21.198.66',
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
    },
    body: '',
    isBase64Encoded: false,
    ...changed,
  };
}

const MULTI = {
  headers: undefined,
  queryStringParameters: undefined,
  multiValueHeaders: { accept: ['text/html', 'text/plain'], 'x-forwarded-for': ['203.0.113.5, 72.21.198.66'] },
  multiValueQueryStringParameters: { app: ['a%20b%2B', 'second'], world: ['c+d'] },
} as unknown as Partial<AlbEvent>;

describe('an event of a load balancer', () => {
  it('is read with single-value headers', () => {
    const request = fromAlbEvent(anEvent());

    expect(request).toMatchObject({
      method: 'GET',
      path: '/v1/apps/a%2Fb/worlds',
      body: '',
      sourceAddress: '72.21.198.66',
      headers: { host: 'door.example.com', 'x-forwarded-proto': 'https' },
    });
    expect({ ...request.query }).toEqual({ app: ['a b+'], world: ['c d'] });
  });

  it('is read with multi-value headers', () => {
    const request = fromAlbEvent(anEvent(MULTI));

    expect(request.headers['accept']).toBe('text/html, text/plain');
    expect({ ...request.query }).toEqual({ app: ['a b+', 'second'], world: ['c d'] });
    expect(request.sourceAddress).toBe('72.21.198.66');
  });

  it('brings bodies as text or in base64', () => {
    const plain = fromAlbEvent(anEvent({ body: '{"ä":1}' }));
    const encoded = fromAlbEvent(anEvent({ body: Buffer.of(0, 255).toString('base64'), isBase64Encoded: true }));

    expect(plain.body).toBe('{"ä":1}');
    expect(encoded.body).toEqual(Buffer.of(0, 255));
  });

  it.each([
    ['198.51.100.9, 192.0.2.1, 72.21.198.66', '72.21.198.66'],
    ['not an address, 2001:db8::5', '2001:db8::5'],
    ['1.2.3.4, 72.21.198.66:41234', '72.21.198.66'],
    ['1.2.3.4, [2001:db8::5]:41234', '2001:db8::5'],
    ['[2001:db8::5]', '2001:db8::5'],
    ['72.21.198.66, spoofed', ''],
    ['72.21.198.66,', ''],
    ['[spoofed]:1', ''],
    ['', ''],
  ])('names as client the last hop alone: %s', (chain, expected) => {
    expect(fromAlbEvent(anEvent({ headers: { 'X-Forwarded-For': chain } })).sourceAddress).toBe(expected);
  });

  it('may be empty, as a test in the console is', () => {
    expect(fromAlbEvent({})).toMatchObject({ method: '', path: '/', headers: {}, body: '', sourceAddress: '' });
  });
});

describe('a result for a load balancer', () => {
  const response = { status: 201, headers: { 'content-type': 'application/json', 'content-length': '2' }, body: '{}' };

  it('has its headers in the form of the event', () => {
    expect(toAlbResult(anEvent(), response)).toEqual({
      statusCode: 201,
      statusDescription: '201',
      headers: { 'content-type': 'application/json' },
      body: '{}',
      isBase64Encoded: false,
    });
    expect(toAlbResult(anEvent(MULTI), response)).toMatchObject({
      multiValueHeaders: { 'content-type': ['application/json'] },
    });
  });

  it('carries bytes in base64', () => {
    const result = toAlbResult(anEvent(), { ...response, body: Uint8Array.of(0, 255) });

    expect(result).toMatchObject({ body: 'AP8=', isBase64Encoded: true });
    expect(fromAlbResult(result).body).toEqual(Buffer.of(0, 255));
  });
});

describe('a request from a socket', () => {
  const request: HttpRequest = {
    method: 'POST',
    path: '/v1/x',
    query: { 'a b': ['ü&=+', ''], c: ['1'] },
    headers: { 'content-type': 'application/json; charset=utf-8', 'x-forwarded-for': '9.9.9.9' },
    body: Buffer.from('{"ä":1}'),
    sourceAddress: '198.51.100.7',
  };

  it('becomes the event that a load balancer would make of it', () => {
    expect(toAlbEvent(request)).toEqual({
      requestContext: { elb: { targetGroupArn: expect.stringMatching(/^arn:aws:/) } },
      httpMethod: 'POST',
      path: '/v1/x',
      multiValueQueryStringParameters: { 'a%20b': ['%C3%BC%26%3D%2B', ''], c: ['1'] },
      multiValueHeaders: {
        'content-type': ['application/json; charset=utf-8'],
        'x-forwarded-for': ['9.9.9.9, 198.51.100.7'],
      },
      body: '{"ä":1}',
      isBase64Encoded: false,
    });
  });

  it('comes out of that event as it went in, whatever it claims about its way', () => {
    const { query, ...rest } = fromAlbEvent(toAlbEvent(request));

    expect({ ...query }).toEqual(request.query);
    expect(rest).toMatchObject({ method: 'POST', path: '/v1/x', body: '{"ä":1}', sourceAddress: '198.51.100.7' });
  });

  it('has its body in base64 unless its type says text', () => {
    const event = toAlbEvent({ ...request, headers: {}, body: Buffer.of(0, 255) });

    expect(event).toMatchObject({ body: 'AP8=', isBase64Encoded: true });
    expect(fromAlbEvent(event).body).toEqual(Buffer.of(0, 255));
  });
});
