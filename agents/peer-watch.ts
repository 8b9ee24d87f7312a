import { openProbeSocket } from '../adapters/udp/probe-socket.ts';
import { createPeerProber, type PeerOptions, type PeerSight } from './peer-prober.ts';

/** Other machines' servers are probed until `stop`. */
export interface PeerWatch extends PeerSight {
  stop(): Promise<void>;
}

/** Opens the socket that probes go out from. */
export async function startPeerWatch(
  options: PeerOptions & { readonly isProbePort: (port: number) => boolean },
): Promise<PeerWatch> {
  const socket = await openProbeSocket(options.isProbePort);
  const { prober, sees, facts } = createPeerProber({ ...options, send: socket.send });
  socket.start(prober);
  return { sees, facts, stop: () => socket.stop() };
}
