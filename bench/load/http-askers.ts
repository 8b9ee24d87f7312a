/** Asks over HTTP/1.1 from this process, as cheaply as may be: each of some connections waits for its answer. */
import { connect } from 'node:net';

const CONNECTIONS = 16;

interface Asked {
  readonly path: string;
  /** Of every good answer. */
  readonly status: number;
  readonly body: (n: number) => string;
}

/** Resolves with the number of answers; throws at the first that is not good. */
export async function askFor(port: number, { path, status, body }: Asked, seconds: number): Promise<number> {
  const untilMs = performance.now() + seconds * 1_000;
  let asked = 0;
  let answered = 0;
  const requestText = (): string => {
    const text = body(asked++);
    return `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\naccept: */*\r\nuser-agent: bench\r\ncontent-length: ${text.length}\r\n\r\n${text}`;
  };
  const asker = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      let text = '';
      socket.setEncoding('latin1');
      socket.on('connect', () => socket.write(requestText()));
      socket.on('error', reject);
      socket.on('close', () => resolve());
      socket.on('data', (chunk: string) => {
        text += chunk;
        const head = text.indexOf('\r\n\r\n');
        if (head < 0) return;
        const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0);
        if (text.length < head + 4 + length) return;
        if (!text.startsWith(`HTTP/1.1 ${status}`)) {
          socket.destroy(new Error(text));
          return;
        }
        answered++;
        text = '';
        if (performance.now() < untilMs) socket.write(requestText());
        else socket.destroy();
      });
    });
  await Promise.all(Array.from({ length: CONNECTIONS }, asker));
  return answered;
}
