/** Answers every call with one and the same item, at once: what is left is the caller's own work. Port and item by argument. */
import { createServer } from 'node:net';

const [, , port, body = '{}'] = process.argv;
const ANSWER = Buffer.from(
  [
    'HTTP/1.1 200 OK',
    'content-type: application/x-amz-json-1.0',
    `content-length: ${Buffer.byteLength(body)}`,
    'x-amzn-requestid: BENCH0000000000000000000000000000000000000000000000',
    `date: ${new Date().toUTCString()}`,
    '',
    body,
  ].join('\r\n'),
);

/** Each caller waits for an answer before it asks again on the same connection, so a request ends where its bytes do. */
createServer({ noDelay: true }, (socket) => {
  let text = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    text += chunk;
    const head = text.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = Number(/content-length: *(\d+)/i.exec(text.slice(0, head))?.[1] ?? 0);
    if (text.length < head + 4 + length) return;
    text = '';
    socket.write(ANSWER);
  });
  socket.on('error', () => socket.destroy());
}).listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'));
