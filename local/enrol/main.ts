import { sdkAccess } from '../../adapters/aws/sdk-access.ts';
import { createDynamoClient } from '../../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../../adapters/dynamodb/registry-store.ts';
import { enrol } from '../../agents/enrol.ts';
import { ConfigError, OnedoorError } from '../../core/errors.ts';
import { parseEnrolOptions } from './options.ts';

async function main(): Promise<void> {
  const options = parseEnrolOptions(process.argv.slice(2), process.env, (text) => process.stdout.write(text));
  if (options === 'help') return;
  const { registry: endpoint, table, enrolment } = options;
  const store = createRegistryStore({
    client: createDynamoClient({ access: sdkAccess(), ...(endpoint !== undefined && { endpoint }) }),
    table,
  });
  const ids = await enrol(enrolment, store);
  const { machine, app, world, group, addresses } = enrolment;
  console.log(`enrolled ${ids.join(', ')} at ${addresses.join(' and ')} for ${app}, ${world}, ${group}`);
  console.log(`start its agent with --identity op:${machine}`);
}

if (import.meta.main) {
  await main().catch((error: unknown) => {
    if (error instanceof ConfigError) console.error(error.message);
    else if (error instanceof OnedoorError) console.error(`${error.message} (${JSON.stringify(error.payload)})`);
    else throw error;
    process.exitCode = 2;
  });
}
