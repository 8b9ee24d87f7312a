import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import dynalite from 'dynalite';
import { createDynamoClient } from '../adapters/dynamodb/client.ts';
import { tableDefinition } from '../adapters/dynamodb/table.ts';

export interface LocalDynamo {
  /** For AWS_ENDPOINT_URL_DYNAMODB. */
  readonly endpoint: string;
  close(): Promise<void>;
}

/** What the SDK needs to sign with; the engine on loopback takes anything. */
export const LOCAL_ACCESS = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
} as const;

/** Makes the registry's table in the engine at `endpoint` and waits until it can be used. */
export async function createTable(endpoint: string, table: string): Promise<void> {
  const client = createDynamoClient({ ...LOCAL_ACCESS, endpoint });
  try {
    await client.call('CreateTable', tableDefinition(table));
    while ((await client.call('DescribeTable', { TableName: table })).Table?.TableStatus !== 'ACTIVE') await delay(5);
  } finally {
    client.destroy();
  }
}

/**
 * A DynamoDB engine in this process, on loopback, with the table made; its data lives as long as it does.
 *
 * @param options.port 0: any free one
 */
export async function startDynalite(options: { port?: number; table: string }): Promise<LocalDynamo> {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await createTable(endpoint, options.table);
  return {
    endpoint,
    async close() {
      const closed = once(server, 'close');
      server.closeAllConnections();
      server.close();
      await closed;
    },
  };
}
