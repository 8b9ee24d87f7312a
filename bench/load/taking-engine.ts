/**
 * DynamoDB for bench/assign-peer.ts in a process of its own: takes are done at once on rows in memory, so that what is
 * measured is the work of who calls; everything else goes to dynalite behind it. Tells its parent where it is.
 */
import { createServer, type Socket } from 'node:net';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { createDynamoClient } from '../../adapters/dynamodb/client.ts';
import { encode } from '../../adapters/dynamodb/json.ts';
import { LOCAL_ACCESS, startDynalite } from '../../local/dynalite.ts';

type Row = Record<string, AttributeValue>;

const { endpoint } = await startDynalite({ table: 'bench' });
const behind = createDynamoClient({ ...LOCAL_ACCESS, endpoint });
const rows = new Map<string, Row>();

const plus = (value: AttributeValue | undefined, more: number): AttributeValue => ({
  N: String(Number(value?.N) + more),
});

/** The row after a take of `:k` by `:token`, its conditions granted. */
async function taken(input: { readonly Key: Row; readonly ExpressionAttributeValues: Row }): Promise<Row> {
  const pk = input.Key['pk']!.S!;
  const row = rows.get(pk) ?? (await behind.call('GetItem', { TableName: 'bench', Key: input.Key })).Item!;
  const { ':k': k, ':token': token } = input.ExpressionAttributeValues;
  const now = {
    ...row,
    free: plus(row['free'], -Number(k!.N)),
    issued: plus(row['issued'], Number(k!.N)),
    last: token!,
  };
  rows.set(pk, now);
  return now;
}

async function answer(socket: Socket, operation: string, body: string): Promise<void> {
  const input = JSON.parse(body, (key, value) =>
    key === 'B' && typeof value === 'string' ? Buffer.from(value, 'base64') : value,
  );
  const isTake = operation === 'UpdateItem' && input.UpdateExpression.startsWith('SET #free = #free - :k');
  const reply = isTake
    ? JSON.stringify({ Attributes: await taken(input) })
    : encode({ Item: undefined, ...(await behind.call(operation as 'GetItem', input)) });
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: ${Buffer.byteLength(reply)}\r\n\r\n`;
  socket.write(head + reply);
}

/** Each caller waits for an answer before it asks again on the same connection, so a request ends where its bytes do. */
const server = createServer({ noDelay: true }, (socket) => {
  let text = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    text += chunk;
    const head = text.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = Number(/content-length: *(\d+)/i.exec(text.slice(0, head))?.[1] ?? 0);
    if (text.length < head + 4 + length) return;
    const operation = /x-amz-target: *[^.\r]+\.(\w+)/i.exec(text)![1]!;
    const body = Buffer.from(text.slice(head + 4), 'latin1').toString();
    text = '';
    answer(socket, operation, body).catch((error: unknown) => socket.destroy(error as Error));
  });
  socket.on('error', () => socket.destroy());
}).listen(0, '127.0.0.1', () => {
  process.send?.({
    endpoint: `http://127.0.0.1:${(server.address() as { readonly port: number }).port}`,
    behind: endpoint,
  });
});
