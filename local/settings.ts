import type { RuntimeConfig } from '../core/config/runtime-config.ts';
import type { LocalOptions } from './options.ts';

/** Environment of every function and process of the local system: what CloudFormation sets on AWS. */
export type LocalEnv = Readonly<Record<string, string>>;

/** What agents and tools take when nothing is said. */
export const LOCAL_TABLE = 'onedoor';
export const LOCAL_APP = 'world';
export const LOCAL_WORLD = 'main';
/** Servers take turns: the one world is in both. */
export const LOCAL_GROUPS = ['east', 'west'] as const;
export const LOCAL_CAPACITY = 16;
export const GAME_PORT = 7777;

/** Quicker than on AWS, so that a person sees what happens; still in time for agents with the usual beat of 5 s. */
const BEAT_MS = 1_000;
const FRESH_MS = 6_000;
const ROSTER_REFRESH_MS = 250;
const KEEPALIVE_SECONDS = 2;

/** Where each agent answers for the door, on its own address. On AWS these are 17000 and 17080. */
export function serverDoorPorts({ probePort }: LocalOptions): { readonly port: number; readonly healthPort: number } {
  return { port: probePort + 3, healthPort: probePort + 4 };
}

/** `ONEDOOR_CONFIG` of the local system: what differs from a deployment's. */
export function localConfig(options: LocalOptions): string {
  const config: Partial<Record<keyof RuntimeConfig, unknown>> = {
    defaultApp: options.defaultApp ?? LOCAL_APP,
    serviceAddress: options.bind,
    probePort: options.probePort,
    freshMs: FRESH_MS,
    rosterRefreshMs: ROSTER_REFRESH_MS,
    keepalive: { intervalSeconds: KEEPALIVE_SECONDS },
    timing: { beatMs: BEAT_MS },
    // The crowd comes from one machine; cookies are tried by the tests.
    unverifiedPerSecond: 10_000,
    answers: options.answers,
    notify: options.notify,
    // All clients share one address here, so that the port must tell them apart.
    ...(options.door === 'servers' && { policy: 'stateless-5' }),
    logLevel: 'warn',
  };
  return JSON.stringify(config);
}

export function localEnv(
  options: LocalOptions,
  parts: { readonly dynamoEndpoint: string; readonly ec2Endpoint: string; readonly secretPath: string },
): LocalEnv {
  return {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: parts.dynamoEndpoint,
    AWS_ENDPOINT_URL_EC2: parts.ec2Endpoint,
    ONEDOOR_TABLE: LOCAL_TABLE,
    ONEDOOR_KEY_SECRET: `file:${parts.secretPath}`,
    ONEDOOR_CONFIG: localConfig(options),
  };
}
