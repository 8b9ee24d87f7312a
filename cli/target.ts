import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../adapters/cli/flags.ts';
import type { RegistryStore } from '../core/ports.ts';
import { parseRunning, RUNNING_FILE, type Running } from '../local/running.ts';

/** What a person said of the deployment to talk to, by flags and environment. */
export interface TargetFlags {
  /** Name of a CloudFormation stack. */
  readonly stack?: string | undefined;
  /** `host[:port]` of the door. */
  readonly door?: string | undefined;
  /** Base URL of the HTTP API. */
  readonly http?: string | undefined;
  readonly table?: string | undefined;
  /** Endpoint of the registry; absent: the SDK's own. */
  readonly registry?: string | undefined;
}

/** The deployment that the commands talk to. */
export interface Target {
  /** `the local system`, `stack onedoor`, `flags`. */
  readonly name: string;
  readonly kind: 'local' | 'stack' | 'flags';
  readonly door: string | undefined;
  /** Without a slash at its end. */
  readonly http: string | undefined;
  readonly table: string | undefined;
  readonly registry: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The local registry looks at none of it. */
const LOCAL = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };

const HOW_TO_NAME_ONE =
  'start one here with `npm start`, or name one: `--stack NAME`, or `--door HOST --http URL` (ONEDOOR_DOOR, ONEDOOR_HTTP)';

/**
 * Flags first, then the environment, then the local system if one runs, then the stack of `deployment`.
 * Throws UsageError if there is nothing to talk to.
 */
export async function findTarget(
  flags: TargetFlags,
  deployment: () => Promise<string>,
  env: Environment,
): Promise<Target> {
  const said = fromFlags(flags, env);
  if (said.door !== undefined || said.http !== undefined)
    return { ...said, name: said.http ?? `${said.door}`, kind: 'flags' };
  const local = flags.stack === undefined ? runningSystem() : undefined;
  if (local) return { ...filled(said, local), name: `the local system at ${local.door}`, kind: 'local' };
  const stack = flags.stack ?? (await deployment());
  const { readStackOutputs } = await import('../adapters/cloudformation/stack-outputs.ts');
  const read = await readStackOutputs(stack);
  if (!read.ok)
    throw new UsageError(
      `no deployment to talk to: no local system runs, and of stack ${stack}: ${read.problem}; ${HOW_TO_NAME_ONE}`,
    );
  return { ...filled(said, fromOutputs(read.outputs)), name: `stack ${stack}`, kind: 'stack' };
}

type Places = Omit<Target, 'name' | 'kind'>;

function fromFlags({ door, http, table, registry }: TargetFlags, env: Environment): Places {
  return {
    door: door ?? env['ONEDOOR_DOOR'],
    http: (http ?? env['ONEDOOR_HTTP'])?.replace(/\/+$/, ''),
    table: table ?? env['ONEDOOR_TABLE'],
    registry,
  };
}

function fromOutputs(outputs: Readonly<Record<string, string>>): Places {
  const { DoorAddress, ApiUrl, TableName, DoorPort } = outputs;
  const address = DoorAddress?.split(',')[0];
  return {
    door: address === undefined || DoorPort === undefined ? address : `${address}:${DoorPort}`,
    http: ApiUrl?.replace(/\/+$/, ''),
    table: TableName,
    registry: undefined,
  };
}

function filled(said: Places, found: Places): Places {
  return {
    door: said.door ?? found.door,
    http: said.http ?? found.http,
    table: said.table ?? found.table,
    registry: said.registry ?? found.registry,
  };
}

/** What `npm start` wrote, if that still runs. */
function runningSystem(path = join(import.meta.dirname, '..', RUNNING_FILE)): Running | undefined {
  if (!existsSync(path)) return undefined;
  const running = parseRunning(readFileSync(path, 'utf8'));
  if (!running) return undefined;
  try {
    process.kill(running.pid, 0);
    return running;
  } catch {
    return undefined;
  }
}

/** The HTTP API. Throws UsageError where nobody said where it is. */
export function httpOf({ http, name }: Target): string {
  if (http !== undefined) return http;
  throw new UsageError(`this needs the HTTP API, and ${name} tells none: name it with --http URL`);
}

/** `host[:port]` of the door. Throws UsageError where nobody said where it is. */
export function doorOf({ door, name }: Target): string {
  if (door !== undefined) return door;
  throw new UsageError(`this needs the door's address, and ${name} tells none: name it with --door HOST`);
}

/** The registry with the person's own right on it. Throws UsageError where nobody said which table. */
export async function registryOf({ table, registry, kind, name }: Target): Promise<RegistryStore> {
  if (table === undefined) {
    throw new UsageError(`this needs the registry, and ${name} tells none: name it with --table NAME`);
  }
  // Loaded here: most commands need none of it, and it takes half a second.
  const { createDynamoClient } = await import('../adapters/dynamodb/client.ts');
  const { createRegistryStore } = await import('../adapters/dynamodb/registry-store.ts');
  const { sdkAccess } = await import('../adapters/aws/sdk-access.ts');
  const whose = kind === 'local' ? LOCAL : { access: sdkAccess() };
  const client = createDynamoClient({ ...whose, ...(registry !== undefined && { endpoint: registry }) });
  return createRegistryStore({ client, table });
}
