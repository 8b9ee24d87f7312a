import type { PacketSource } from '../../core/ports.ts';
import { TICK_MS } from '../../core/suspect/detector.ts';
import type { Prober } from '../../core/suspect/prober.ts';
import { openUdp } from './udp-endpoint.ts';

const SWEEP_MS = 1_000;

/** The socket that probes go out from, and come back to. */
export interface ProbeSocket {
  send(bytes: Uint8Array, address: string, port: number): void;
  /** Runs the prober until `stop`. */
  start(prober: Prober): void;
  stop(): Promise<void>;
}

/** @param isProbePort agents drop what comes from the deployment's probe ports, so none of them is taken */
export async function openProbeSocket(isProbePort: (port: number) => boolean): Promise<ProbeSocket> {
  let prober: Prober | undefined;
  const timers: NodeJS.Timeout[] = [];
  const handler = (bytes: Uint8Array, source: PacketSource): undefined => prober?.packet(bytes, source) as undefined;
  const open = (bind: string) => openUdp({ bind, port: 0, handler });
  let endpoint = await open('::').catch(() => open('0.0.0.0'));
  while (isProbePort(endpoint.port)) {
    await endpoint.close();
    endpoint = await open('::').catch(() => open('0.0.0.0'));
  }
  return {
    send: endpoint.send,
    start(started) {
      prober = started;
      started.sweep();
      timers.push(
        setInterval(() => started.tick(), TICK_MS),
        setInterval(() => started.sweep(), SWEEP_MS),
      );
    },
    async stop() {
      for (const timer of timers) clearInterval(timer);
      await endpoint.close();
    },
  };
}
