/** Packs the roster, on every change of the table's stream; where there are no streams, at every tick. */
import { createDynamoClient } from '../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../adapters/dynamodb/registry-store.ts';
import { rowChanges, type StreamEvent } from '../adapters/dynamodb/stream.ts';
import { createLogger } from '../adapters/system/logger.ts';
import { systemClock } from '../adapters/system/system-clock.ts';
import { parseRuntimeConfig } from '../core/config/runtime-config.ts';
import { createRosterWriter, type RosterPassReport } from '../core/registry/roster-pass.ts';

const config = parseRuntimeConfig(process.env['ONEDOOR_CONFIG']);
const log = createLogger({ level: config.logLevel, base: { service: 'roster' } });
const onMalformed = (row: object) => log.warn(row, 'a row cannot be read and is skipped');
const table = process.env['ONEDOOR_TABLE'] ?? '';
const store = createRegistryStore({ client: createDynamoClient(), table, onMalformed });
const writer = createRosterWriter({ store, clock: systemClock });

/** One pass. A failure is thrown: Lambda then brings the batch again. */
export async function handler(event: Partial<StreamEvent>): Promise<RosterPassReport> {
  const { Records } = event;
  const report = await writer.pass(Records && rowChanges({ Records }, onMalformed));
  log.debug(report, 'roster written');
  return report;
}
