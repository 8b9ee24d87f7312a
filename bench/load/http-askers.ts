/** Asks over HTTP/1.1 from this process, as cheaply as may be: each of some connections waits for its answer. */
import { connect } from 'node:net';

const CONNECTIONS = 16;

interface Asked {
  readonly path: string;
  /** Of every good answer. */
  readonly status: number;
  readonly body: (n: number) => string;
}

/** Resolves when so many requests are answered; throws at the first answer that is not good. */
export async function askFor(port: number, { path, status, body }: Asked, requests: number): Promise<void> {
  let asked = 0;
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
        text = '';
        if (asked < requests) socket.write(requestText());
        else socket.destroy();
      });
    });
  await Promise.all(Array.from({ length: CONNECTIONS }, asker));
}
