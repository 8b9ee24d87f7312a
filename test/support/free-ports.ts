import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/** Below the range from which systems take ports for clients, or one of them would be taken now and then. */
const FIRST = 10_000;
const LAST = 32_000;

function isFree(port: number): Promise<boolean> {
  const bound = (bind: (done: (good: boolean) => void) => void): Promise<boolean> => new Promise(bind);
  const tcp = bound((done) => {
    const server = createServer().once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });
  const udp = bound((done) => {
    const socket = createSocket('udp4').once('error', () => done(false));
    socket.bind(port, '127.0.0.1', () => socket.close(() => done(true)));
  });
  return Promise.all([tcp, udp]).then((both) => both.every((good) => good));
}

/** The first of `count` ports in a row that nobody has on loopback, over TCP and UDP. */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = FIRST + Math.floor(Math.random() * (LAST - FIRST - count));
    const free = await Promise.all(Array.from({ length: count }, (_, n) => isFree(first + n)));
    if (free.every((good) => good)) return first;
  }
}
