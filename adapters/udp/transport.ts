import { openBatchedUdp } from './batched-endpoint.ts';
import { loadDatagramCalls } from './system-calls.ts';
import { openUdp, RECEIVE_BUFFER_BYTES, type UdpEndpoint, type UdpOptions } from './udp-endpoint.ts';

/** How a gateway moves datagrams: one by one through Node's `dgram`, or by the batch. `auto` is by the batch where it can. */
export const TRANSPORTS = ['auto', 'dgram', 'batched'] as const;
export type TransportChoice = (typeof TRANSPORTS)[number];

export interface Transport extends UdpEndpoint {
  readonly kind: Exclude<TransportChoice, 'auto'>;
  /** What whoever runs it should know: why it is not batched, or what the kernel did not give. */
  readonly remarks: readonly string[];
}

/** Opens the one transport of a gateway. Rejects as `openUdp`, and where `batched` is asked for and cannot be had. */
export async function openTransport(
  options: UdpOptions & { readonly choice: TransportChoice },
  load = loadDatagramCalls,
): Promise<Transport> {
  const calls = options.choice === 'dgram' ? 'not asked for' : load();
  if (options.choice === 'batched' && typeof calls === 'string') {
    throw new Error(`datagrams cannot be moved by the batch: ${calls}`);
  }
  const isBatched = typeof calls !== 'string';
  const endpoint = await (isBatched ? openBatchedUdp(options, calls) : openUdp(options));
  const remarks: string[] = [];
  if (options.choice === 'auto' && !isBatched) remarks.push(`datagrams are moved one by one: ${calls}`);
  const { receiveBufferBytes } = endpoint;
  if (receiveBufferBytes < RECEIVE_BUFFER_BYTES) {
    remarks.push(
      `the receive buffer is ${receiveBufferBytes} bytes instead of ${RECEIVE_BUFFER_BYTES}: raise net.core.rmem_max`,
    );
  }
  return { ...endpoint, kind: isBatched ? 'batched' : 'dgram', remarks };
}
