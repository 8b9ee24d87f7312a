/** Verifies server rows: new ones from the table's stream, one machine's when EC2 says that it changed, else all. */
import { createDynamoClient } from '../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../adapters/dynamodb/registry-store.ts';
import { rowChanges, type StreamEvent } from '../adapters/dynamodb/stream.ts';
import { createDescribeInstances } from '../adapters/ec2/describe-instances.ts';
import { createLogger } from '../adapters/system/logger.ts';
import { systemClock } from '../adapters/system/system-clock.ts';
import { parseRuntimeConfig } from '../core/config/runtime-config.ts';
import { type RegistrarReport, registrarPass } from '../core/registry/registrar-pass.ts';

/** What EventBridge sends of "EC2 Instance State-change Notification". */
interface InstanceEvent {
  readonly detail: { readonly 'instance-id': string };
}

const settings = parseRuntimeConfig(process.env['ONEDOOR_CONFIG']);
const log = createLogger({ level: settings.logLevel, base: { service: 'registrar' } });
const onMalformed = (row: object) => log.warn(row, 'a row cannot be read and is skipped');
const table = process.env['ONEDOOR_TABLE'] ?? '';
const store = createRegistryStore({ client: createDynamoClient(), table, onMalformed });
const describe = createDescribeInstances();

/** One pass. A failure is thrown: Lambda then brings the event again. */
export async function handler(event: Partial<StreamEvent & InstanceEvent>): Promise<RegistrarReport> {
  const { Records, detail } = event;
  const rows = Records ? rowChanges({ Records }, onMalformed).rows : await store.list(detail?.['instance-id']);
  const report = await registrarPass({ store, describe, settings, rows, wallMs: systemClock.wallMs() });
  for (const left of report.left) log.warn(left, 'not verified');
  log.info(report, 'rows verified');
  return report;
}
