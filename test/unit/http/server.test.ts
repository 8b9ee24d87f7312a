import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttpServer, type HttpServerOptions } from '../../../adapters/http/server.ts';
import type { HttpRequest } from '../../../adapters/http/types.ts';
import { ConfigError } from '../../../core/errors.ts';

const open: { close(graceMs?: number): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close(0)));
});

const echo = (request: HttpRequest) => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ ...request, body: request.body && Buffer.from(request.body).toString() }),
});

async function aServer(options: Partial<HttpServerOptions> = {}) {
  const server = createHttpServer({ handler: echo, ...options });
  open.push(server);
  const { port } = await server.listen(0, '127.0.0.1');
  return { server, port, url: `http://127.0.0.1:${port}` };
}

/** Sends bytes as they are and gives all that comes back until the connection closes. */
async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(text);
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk.toString();
  });
  await once(socket, 'close');
  return answer;
}

/** The problem document in a raw answer. */
function problemIn(answer: string): { status: string; code: string; type: string | undefined; id: string | undefined } {
  const [head = '', body = '{}'] = answer.split('\r\n\r\n');
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1]?.trim();
  const { code } = JSON.parse(body) as { code: string };
  return { status: head.slice(9, 12), code, type: field('content-type'), id: field('x-request-id') };
}

describe('the HTTP server', () => {
  it('hands the handler a whole request', async () => {
    const { url } = await aServer();

    const response = await fetch(`${url}/a%20b/c?x=1&y=%C3%A4+b&x=2&__proto__=z`, {
      method: 'POST',
      headers: { 'X-Some': 'Thing' },
      body: 'hello',
    });

    const seen = (await response.json()) as HttpRequest;
    expect(seen).toMatchObject({ method: 'POST', path: '/a%20b/c', body: 'hello', sourceAddress: '127.0.0.1' });
    expect(Object.entries(seen.query ?? {})).toEqual([
      ['x', ['1', '2']],
      ['y', ['ä b']],
      ['__proto__', ['z']],
    ]);
    expect(seen.headers['x-some']).toBe('Thing');
  });

  it('joins repeated fields', async () => {
    const { port } = await aServer();

    const answer = await raw(port, 'GET / HTTP/1.1\r\nHost: d\r\nX-A: 1\r\nX-A: 2\r\nConnection: close\r\n\r\n');

    expect(answer).toContain('"x-a":"1, 2"');
  });

  it('names an IPv4 client in dotted decimal on a socket of both families', async () => {
    const server = createHttpServer({ handler: echo });
    open.push(server);
    const { port } = await server.listen(0, '::');

    const seen = (await (await fetch(`http://127.0.0.1:${port}/`)).json()) as HttpRequest;

    expect(seen.sourceAddress).toBe('127.0.0.1');
  });

  it('keeps a connection for the next request', async () => {
    const { port } = await aServer();

    const one = 'GET /1 HTTP/1.1\r\nHost: d\r\n\r\n';
    const answer = await raw(port, `${one}GET /2 HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n`);

    expect(answer.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
  });

  it('takes a body of the limit and answers 413 to one byte more', async () => {
    const { url } = await aServer({ maxBodyBytes: 100 });

    const fits = await fetch(url, { method: 'POST', body: 'a'.repeat(100) });
    const tooLong = await fetch(url, { method: 'POST', body: 'a'.repeat(101) });

    expect(fits.status).toBe(200);
    expect(tooLong.status).toBe(413);
    expect(tooLong.headers.get('content-type')).toBe('application/problem+json');
    expect(tooLong.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await tooLong.json()).toMatchObject({ status: 413, code: 'http.body-too-large' });
  });

  it('answers 413 to a body in chunks that never says how long it is', async () => {
    const { port } = await aServer({ maxBodyBytes: 100 });
    const chunk = `64\r\n${'a'.repeat(100)}\r\n`;

    const answer = await raw(
      port,
      `POST / HTTP/1.1\r\nHost: d\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}${chunk}0\r\n\r\n`,
    );

    expect(problemIn(answer)).toMatchObject({ status: '413', code: 'http.body-too-large' });
  });

  it('answers 413 at once when a huge body is announced, and closes', async () => {
    const { port } = await aServer();

    const answer = await raw(port, 'POST / HTTP/1.1\r\nHost: d\r\nContent-Length: 99999999999\r\n\r\nabc');

    expect(problemIn(answer)).toMatchObject({ status: '413', code: 'http.body-too-large' });
    expect(answer).toMatch(/connection: close/i);
  });

  it('answers 431 to fields that are too long', async () => {
    const { port } = await aServer({ maxHeaderBytes: 1024 });

    const answer = await raw(port, `GET / HTTP/1.1\r\nHost: d\r\nX-A: ${'a'.repeat(2000)}\r\n\r\n`);

    expect(problemIn(answer)).toMatchObject({
      status: '431',
      code: 'http.headers-too-large',
      type: 'application/problem+json',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  it('answers 400 to what is not HTTP', async () => {
    const { port } = await aServer();

    expect(problemIn(await raw(port, 'nonsense\r\n\r\n'))).toMatchObject({ status: '400', code: 'http.bad-request' });
  });

  it.each([
    ['head', 'GET / HTTP/1.1\r\nHost'],
    ['body', 'POST / HTTP/1.1\r\nHost: d\r\nContent-Length: 10\r\n\r\nabc'],
  ])('answers 408 to a request whose %s does not arrive', async (_, text) => {
    const { port } = await aServer({ requestTimeoutMs: 50 });

    expect(problemIn(await raw(port, text))).toMatchObject({ status: '408', code: 'http.timeout' });
  });

  it('closes a connection that lies idle', async () => {
    const { port } = await aServer({ idleTimeoutMs: 50 });

    expect(await raw(port, 'GET / HTTP/1.1\r\nHost: d\r\n\r\n')).toContain('200 OK');
  });

  it('closes connections above the limit', async () => {
    const { port } = await aServer({ maxConnections: 1 });
    const first = connect(port, '127.0.0.1');
    await once(first, 'connect');

    const answer = await raw(port, 'GET / HTTP/1.1\r\nHost: d\r\n\r\n');
    first.destroy();

    expect(answer).toBe('');
  });

  it('answers 500 without details to what a handler throws', async () => {
    const errors: unknown[] = [];
    const handler = () => {
      throw new Error('the secret is 42');
    };
    const { url } = await aServer({ handler, onError: (error) => errors.push(error) });

    const response = await fetch(url);

    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('42');
    expect(errors).toEqual([new Error('the secret is 42')]);
  });

  it('closes the connection, and says so, when an answer cannot be sent', async () => {
    const errors: unknown[] = [];
    const handler = () => ({ status: 200, headers: { 'x-a': 'line\nbreak' }, body: '' });
    const { port } = await aServer({ handler, onError: (error) => errors.push(error) });

    expect(await raw(port, 'GET / HTTP/1.1\r\nHost: d\r\n\r\n')).toBe('');
    expect(errors).toHaveLength(1);
  });

  it('sends HEAD answers the length that the handler names, and no body', async () => {
    const handler = () => ({ status: 200, headers: { 'content-length': '7' }, body: '' });
    const { url } = await aServer({ handler });

    const response = await fetch(url, { method: 'HEAD' });

    expect(response.headers.get('content-length')).toBe('7');
    expect(await response.text()).toBe('');
  });

  it('sends HEAD answers no length that it does not know', async () => {
    const { url } = await aServer({ handler: () => ({ status: 200, headers: {}, body: '' }) });

    const response = await fetch(url, { method: 'HEAD' });

    expect(response.headers.get('content-length')).toBeNull();
  });

  it('sends no length and no body with 304', async () => {
    const { url } = await aServer({ handler: () => ({ status: 304, headers: { etag: '"1"' }, body: '' }) });

    const response = await fetch(url);

    expect(response.status).toBe(304);
    expect(response.headers.get('content-length')).toBeNull();
    expect(response.headers.get('etag')).toBe('"1"');
  });

  it('lets a running request end before it closes', async () => {
    let finish = () => {};
    const started = Promise.withResolvers<void>();
    const handler = async (request: HttpRequest) => {
      started.resolve();
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return echo(request);
    };
    const { server, url } = await aServer({ handler });
    const response = fetch(url);
    await started.promise;

    const closed = server.close(5_000);
    finish();

    expect((await response).headers.get('connection')).toBe('close');
    await closed;
  });

  it('cuts off what does not end within the grace', async () => {
    const started = Promise.withResolvers<void>();
    const handler = () => {
      started.resolve();
      return new Promise<never>(() => {});
    };
    const { server, port } = await aServer({ handler });
    const answer = raw(port, 'GET / HTTP/1.1\r\nHost: d\r\n\r\n');
    await started.promise;

    await server.close(20);

    expect(await answer).toBe('');
  });

  it('says which port is in use', async () => {
    const { port } = await aServer();
    const second = createHttpServer({ handler: echo });

    await expect(second.listen(port, '127.0.0.1')).rejects.toThrow(
      new ConfigError([`\`port\` must be free, got: ${port} (in use on 127.0.0.1).`]),
    );
  });

  it('says that an address is none of this machine', async () => {
    const server = createHttpServer({ handler: echo });

    await expect(server.listen(0, '192.0.2.1')).rejects.toThrow('`host` must be an address of this machine');
  });
});
