/** Keeps the ticket keys published and moves on to the next one: once when deployed, then every day. */
import { answerDeployment, type DeploymentEvent } from '../adapters/cloudformation/deployment-event.ts';
import { ticketKeys } from '../adapters/crypto/ticket-keys.ts';
import { createDynamoClient } from '../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../adapters/dynamodb/registry-store.ts';
import { createKeyVault } from '../adapters/secrets/key-vault.ts';
import { createLogger } from '../adapters/system/logger.ts';
import { systemClock } from '../adapters/system/system-clock.ts';
import { parseRuntimeConfig } from '../core/config/runtime-config.ts';
import { type RotationReport, rotateKeys } from '../core/ticket/key-rotation.ts';

const DAY_MS = 86_400_000;

const { logLevel } = parseRuntimeConfig(process.env['ONEDOOR_CONFIG']);
const log = createLogger({ level: logLevel, base: { service: 'rotate' } });
const store = createRegistryStore({ client: createDynamoClient(), table: process.env['ONEDOOR_TABLE'] ?? '' });
const vault = createKeyVault({
  secret: process.env['ONEDOOR_KEY_SECRET'] ?? '',
  publicKeyOf: (secret) => ticketKeys(secret).publicKey,
});

async function rotate(periodDays: number): Promise<RotationReport> {
  const periodMs = periodDays * DAY_MS;
  const report = await rotateKeys({ vault, publish: store.writeKeys, periodMs, nowMs: systemClock.wallMs() });
  log.info(report, report.rotated ? 'the next key signs from now on' : 'keys published');
  return report;
}

/** A failure is thrown: Lambda tries again. In a deployment it is told to CloudFormation, which rolls back. */
export async function handler(event: { readonly periodDays: number } | DeploymentEvent): Promise<unknown> {
  if (!('RequestType' in event)) return rotate(event.periodDays);
  return answerDeployment(event, (properties) => rotate(Number(properties['periodDays'])));
}
