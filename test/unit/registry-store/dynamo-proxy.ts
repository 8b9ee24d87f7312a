import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever the API has, and each test knows its own
type Body = any;

export interface DynamoProxy {
  readonly endpoint: string;
  /** Operations that reached the engine. */
  readonly served: string[];
  /** Changes a request before the engine gets it. */
  onRequest: (operation: string, body: Body) => Body;
  /** Changes a reply; `lose`: it never arrives; `break`: the connection does; a number: this status instead. */
  onReply: (operation: string, body: Body) => Body | 'lose' | 'break' | number;
  close(): Promise<void>;
}

/** Stands before a real engine and does to requests and replies what networks and busy tables do. */
export async function startDynamoProxy(engine: string): Promise<DynamoProxy> {
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    const headers = Object.fromEntries(
      ['x-amz-target', 'content-type', 'authorization', 'x-amz-date'].map((name) => [
        name,
        String(request.headers[name]),
      ]),
    );
    const sent = JSON.stringify(proxy.onRequest(operation, JSON.parse(text)));
    const reply = await fetch(engine, { method: 'POST', headers, body: sent });
    proxy.served.push(operation);
    const changed = proxy.onReply(operation, await reply.json());
    if (changed === 'lose') return;
    if (changed === 'break') {
      request.socket.destroy();
      return;
    }
    const status = typeof changed === 'number' ? changed : reply.status;
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify(typeof changed === 'number' ? {} : changed));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: DynamoProxy = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    served: [],
    onRequest: (_operation, body) => body,
    onReply: (_operation, body) => body,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return proxy;
}
