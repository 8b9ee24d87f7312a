import { openUdp } from './udp-endpoint.ts';

/** A socket that only sends: what arrives there is dropped. */
export interface UdpSender {
  send(bytes: Uint8Array, address: string, port: number): void;
  close(): Promise<void>;
}

const EVERY_FAMILY = '::';
const IPV4_ALONE = '0.0.0.0';

/**
 * Opens a sender of both families, or of IPv4 where the machine has no IPv6. Its port is one that the system chooses, but
 * none of which `isTaboo` is true: agents drop what comes from the deployment's probe ports.
 */
export async function openUdpSender(isTaboo: (port: number) => boolean): Promise<UdpSender> {
  const open = (bind: string) => openUdp({ bind, port: 0, handler: () => undefined });
  for (;;) {
    const endpoint = await open(EVERY_FAMILY).catch(() => open(IPV4_ALONE));
    if (!isTaboo(endpoint.port)) return { send: endpoint.send, close: endpoint.close };
    await endpoint.close();
  }
}
