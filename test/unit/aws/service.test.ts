import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { environmentAccess } from '../../../adapters/aws/access.ts';
import { JsonService, ServiceError } from '../../../adapters/aws/service.ts';

const NOW = Date.parse('2026-11-21T10:00:00Z');
const access = { credentials: () => ({ accessKeyId: 'me', secretAccessKey: 'x' }), region: () => 'eu-central-1' };

interface Answer {
  readonly status?: number;
  readonly body?: string;
  readonly date?: Date;
  readonly silent?: true;
}

/** A service on loopback that answers as the test says. */
async function aService(
  answer: (request: IncomingMessage, body: string) => Answer,
  own: Partial<typeof access> | { readonly credentials: () => Promise<ReturnType<typeof access.credentials>> } = {},
) {
  const server = createServer(async (request, response) => {
    const body = (await request.setEncoding('utf8').toArray()).join('');
    const { status = 200, body: text = '{}', date, silent } = answer(request, body);
    if (silent) return;
    response.sendDate = false;
    response.writeHead(status, { ...(date && { date: date.toUTCString() }) });
    response.end(text);
  });
  let connections = 0;
  server.on('connection', () => connections++);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const service = new JsonService({
    name: 'dynamodb',
    target: 'DynamoDB_20120810',
    contentType: 'application/x-amz-json-1.0',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    access: { ...access, ...own },
    wallMs: () => NOW,
  });
  onTestFinished(() => {
    service.destroy();
    server.close();
    server.closeAllConnections();
  });
  return { service, connections: () => connections };
}

async function failureOf(call: Promise<unknown>): Promise<Error> {
  return await call.then(
    () => new Error('it did not fail'),
    (error: Error) => error,
  );
}

describe('a service of AWS', () => {
  it('gets operation, type and body, and keeps its connection', async () => {
    const seen: unknown[] = [];
    const { service, connections } = await aService(({ headers, method, url }, body) => {
      seen.push([method, url, headers['x-amz-target'], headers['content-type'], headers['x-amz-date'], body]);
      return { body: '{"n":"ä"}' };
    });
    for (let n = 0; n < 3; n++) expect(await service.call('GetItem', '{"TableName":"ä"}')).toBe('{"n":"ä"}');
    const type = 'application/x-amz-json-1.0';
    expect(seen[0]).toEqual(['POST', '/', 'DynamoDB_20120810.GetItem', type, '20261121T100000Z', '{"TableName":"ä"}']);
    expect(seen).toHaveLength(3);
    expect(connections()).toBe(1);
  });

  it('tells its refusals by their codes, with what came along', async () => {
    const body =
      '{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","Item":{"pk":{"S":"a"}}}';
    const { service } = await aService(() => ({ status: 400, body }));
    const error = await failureOf(service.call('UpdateItem', '{}'));
    expect(error).toBeInstanceOf(ServiceError);
    expect(error).toMatchObject({
      name: 'ConditionalCheckFailedException',
      status: 400,
      body: { Item: { pk: { S: 'a' } } },
    });
  });

  it('has a name even for an answer that is no JSON', async () => {
    const { service } = await aService(() => ({ status: 502, body: '<html>bad gateway</html>' }));
    expect(await failureOf(service.call('GetItem', '{}'))).toMatchObject({ name: 'Http502', status: 502 });
  });

  it('puts a clock right that is off by an hour, once and for all', async () => {
    const theirs = new Date(NOW + 3_600_000);
    const times: unknown[] = [];
    const { service } = await aService(({ headers }) => {
      times.push(headers['x-amz-date']);
      const isRight = headers['x-amz-date'] === '20261121T110000Z';
      return isRight ? { date: theirs } : { status: 400, date: theirs, body: '{"__type":"InvalidSignatureException"}' };
    });
    for (let n = 0; n < 2; n++) expect(await service.call('GetItem', '{}')).toBe('{}');
    expect(times).toEqual(['20261121T100000Z', '20261121T110000Z', '20261121T110000Z']);
  });

  it('does not repeat what is refused for another reason than the clock', async () => {
    let calls = 0;
    const { service } = await aService(() => {
      calls++;
      return { status: 400, date: new Date(NOW), body: '{"__type":"InvalidSignatureException"}' };
    });
    expect(await failureOf(service.call('GetItem', '{}'))).toMatchObject({ name: 'InvalidSignatureException' });
    expect(calls).toBe(1);
  });

  it('is given up when the caller’s time is over', async () => {
    const { service } = await aService(() => ({ silent: true }));
    const error = await failureOf(service.call('GetItem', '{}', { timeoutMs: 50 }));
    expect(error.name).toBe('TimeoutError');
  });

  it('is given up when the caller’s time is over before the request can be signed', async () => {
    let calls = 0;
    const { service } = await aService(() => ({ body: String(calls++) }), {
      credentials: () => new Promise((resolve) => setTimeout(resolve, 30, access.credentials())),
    });
    expect((await failureOf(service.call('GetItem', '{}', { timeoutMs: 10 }))).name).toBe('TimeoutError');
    expect(calls).toBe(0);
  });

  it.each([
    [true, 'answered on a new one', '{"n":3}', 3],
    [false, 'a failure', 'ECONNRESET', 2],
  ])('on a kept connection that was closed, repeatable %s, is %s', async (repeatable, _what, expected, most) => {
    let calls = 0;
    const { service } = await aService((request) => {
      calls++;
      if (calls === 2) request.socket.resetAndDestroy();
      return { body: `{"n":${calls}}` };
    });
    expect(await service.call('GetItem', '{}')).toBe('{"n":1}');
    const outcome = await service.call('GetItem', '{}', { repeatable }).catch((error) => error.code);
    expect({ outcome, calls }).toEqual({ outcome: expected, calls: most });
  });

  it('that cannot be sent on a new connection is a failure, repeatable or not', async () => {
    let calls = 0;
    const { service } = await aService((request) => {
      calls++;
      request.socket.resetAndDestroy();
      return {};
    });
    const error = await failureOf(service.call('GetItem', '{}', { repeatable: true }));
    expect({ error, calls }).toMatchObject({ error: { code: 'ECONNRESET' }, calls: 1 });
  });

  it('asks again for its region after that could not be told', async () => {
    let env: Record<string, string> = {};
    const service = new JsonService({
      name: 'dynamodb',
      target: 'DynamoDB_20120810',
      contentType: 'application/x-amz-json-1.0',
      endpoint: 'http://127.0.0.1:1',
      access: { ...access, region: () => environmentAccess(env).region() },
    });
    expect((await failureOf(service.call('GetItem', '{}'))).message).toContain('`AWS_REGION` must be set');
    env = { AWS_REGION: 'eu-central-1' };
    expect(await failureOf(service.call('GetItem', '{}'))).toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('the environment of a function', () => {
  it('gives credentials with their session, and says what is missing', () => {
    const env = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_SESSION_TOKEN: 'c' };
    expect(environmentAccess(env).credentials()).toEqual({
      accessKeyId: 'a',
      secretAccessKey: 'b',
      sessionToken: 'c',
    });
    expect(() => environmentAccess({ AWS_ACCESS_KEY_ID: 'a' }).credentials()).toThrow('AWS_SECRET_ACCESS_KEY');
  });
});
