import type { TellLeave } from '../../core/assign/release-desk.ts';
import type { Rng } from '../../core/ports.ts';
import { encodeLeave, readLeaveAnswer } from '../../core/wire/leave-packet.ts';
import { NONCE_BYTES } from '../../core/wire/limits.ts';

/** When the packet goes out, and the end, in ms: a client waits meanwhile, and so does an environment that is paid for. */
const SEND_AT_MS = [0, 300, 900];
const DEFAULT_GIVE_UP_MS = 2_000;

/**
 * Tells agents from a port of its own, each time another, to the address that clients have of them. Outbound datagrams
 * and their answers pass where nothing can come in by itself, as in a function.
 */
export function createTellLeave(deps: {
  readonly rng: Pick<Rng, 'bytes'>;
  readonly type: number;
  /** Agents drop what comes from the deployment's probe ports. */
  readonly isProbePort: (port: number) => boolean;
  /** @default 2000 */
  readonly giveUpMs?: number;
}): TellLeave {
  const { rng, type, isProbePort, giveUpMs = DEFAULT_GIVE_UP_MS } = deps;

  const tell: TellLeave = async (server, ticket) => {
    const { ipv4, ipv6, ports } = server;
    const address = ipv4 ?? ipv6;
    const port = ports['probe'];
    if (address === undefined || port === undefined) return false;
    // Few environments ever tell anybody, and each would load it at its start.
    const { createSocket } = await import('node:dgram');
    const nonce = rng.bytes(NONCE_BYTES);
    const packet = encodeLeave(nonce, ticket, type);
    const socket = createSocket(ipv4 === undefined ? 'udp6' : 'udp4');
    return new Promise((resolve) => {
      const timers: NodeJS.Timeout[] = [];
      const end = (isDone: boolean | Promise<boolean>): void => {
        for (const timer of timers) clearTimeout(timer);
        socket.removeAllListeners('message').close();
        resolve(isDone);
      };
      // A refused port may be a forged word; the time runs on.
      socket.on('error', () => {});
      socket.on('message', (bytes) => {
        const answer = readLeaveAnswer(bytes, nonce, type);
        if (answer) end(answer === 'done');
      });
      timers.push(setTimeout(() => end(false), giveUpMs));
      // Connected: nobody else's datagrams get in.
      socket.connect(port, address, () => {
        if (isProbePort(socket.address().port)) return end(tell(server, ticket));
        for (const atMs of SEND_AT_MS) timers.push(setTimeout(() => socket.send(packet, () => {}), atMs));
      });
    });
  };
  return tell;
}
