/** A door and servers that fail in every way there is, one port a fault: `npm run fake-door -- --base-port N`. */
import { parseArgs } from 'node:util';
import { startFakeDoor } from './fake-door.ts';
import type { ExpectedEvent } from './table.ts';

const DEFAULT_BASE_PORT = 7_100;

function tell({ event, server, via, reason, code }: ExpectedEvent): string {
  const more = [server, reason, code, via && `by ${via}`].filter((each) => each !== undefined);
  return [event, ...more].join(' ');
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { 'base-port': { type: 'string' }, host: { type: 'string' } } });
  const basePort = Number(values['base-port'] ?? DEFAULT_BASE_PORT);
  if (!Number.isInteger(basePort) || basePort < 1 || basePort > 65_400) {
    throw new Error(`--base-port must be a port from 1 to 65400, got: ${values['base-port']}`);
  }
  const door = await startFakeDoor({ basePort, ...(values.host !== undefined && { host: values.host }) });
  const { faults } = door.table;
  console.log('port   fault            a right client ...');
  for (const { fault, client, expect } of faults) {
    console.log(`${String(door.port(fault)).padEnd(6)} ${fault.padEnd(16)} ${client}: ${expect.map(tell).join(', ')}`);
  }
  console.log('Ctrl-C stops it.');
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await door.close();
}

await main();
