/** Writes into the registry which version of a program machines shall run; called by deployments alone. */
import { answerDeployment, type DeploymentEvent } from '../adapters/cloudformation/deployment-event.ts';
import { createDynamoClient } from '../adapters/dynamodb/client.ts';
import { writeWantedVersion } from '../adapters/dynamodb/wanted-version.ts';
import { createLogger } from '../adapters/system/logger.ts';

const log = createLogger({ base: { service: 'release' } });
const client = createDynamoClient();
const table = process.env['ONEDOOR_TABLE'] ?? '';

/** A deployment that is rolled back calls again, with what was wanted before it. */
export async function handler(event: DeploymentEvent): Promise<void> {
  await answerDeployment(event, async ({ program = '', version = '', uri = '', sha256 = '' }) => {
    await writeWantedVersion(client, table, { program, version, uri, sha256 });
    log.info({ program, version, sha256 }, 'this version is wanted from now on');
  });
}
