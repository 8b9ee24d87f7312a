import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Cloud, texts } from './cloud.ts';

/**
 * A listener of an emulated load balancer on loopback, at `ownPort` or at one that is free: the emulator tells its load balancers apart by the DNS name and
 * the port in the Host header, which nobody here can resolve.
 */
export async function openFront(
  cloud: Cloud,
  balancerArn: string,
  port: number,
  ownPort = 0,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const xml = await cloud.query('elasticloadbalancing', 'DescribeLoadBalancers', {
    'LoadBalancerArns.member.1': balancerArn,
  });
  const host = `${texts(xml, 'DNSName')[0]}:${port}`;
  const server = createServer((incoming, outgoing) => {
    const { method, url, headers } = incoming;
    const forwarded = request(`${cloud.endpoint}${url}`, { method: method ?? 'GET', headers: { ...headers, host } });
    forwarded.on('response', (reply) => {
      outgoing.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  server.listen(ownPort, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
