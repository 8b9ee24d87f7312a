/** What a machine is told by its user data (lib/boot/boot-script.ts), read back from what was deployed. */
import { createHash } from 'node:crypto';
import type { Cloud } from './cloud.ts';

export interface DeployedBoot {
  /** PROGRAM, PROGRAM_URI, NODE_URI, ROLE_ID and others. */
  readonly variables: Readonly<Record<string, string>>;
  /** Environment of the program, with its command line in ONEDOOR_ARGUMENTS. */
  readonly environment: Readonly<Record<string, string>>;
}

function assignments(text: string): Record<string, string> {
  const found = text.matchAll(/^([A-Z][A-Z0-9_]*)='([^']*)'$/gm);
  return Object.fromEntries([...found].map(([, name = '', value = '']) => [name, value]));
}

export function readBoot(userData: string): DeployedBoot {
  const [head = ''] = userData.split('mkdir -p /etc/onedoor');
  const variables = assignments(head);
  const start = `cat > '/etc/onedoor/${variables['PROGRAM']}.env' <<'ONEDOOR_END'\n`;
  const [, file = ''] = userData.split(start);
  const [text = ''] = file.split('\nONEDOOR_END');
  return { variables, environment: assignments(text) };
}

/** Fetches a deployed file as the boot script does: from its bucket, and only with the expected SHA-256. */
export async function fetchDeployed(cloud: Cloud, { variables }: DeployedBoot, file: string): Promise<Buffer> {
  const uri = variables[`${file}_URI`] ?? '';
  const bytes = await cloud.request('s3', 'GET', uri.replace(/^s3:\//, ''));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== variables[`${file}_SHA256`]) throw new Error(`${uri} has the SHA-256 ${sha256}`);
  return bytes;
}
