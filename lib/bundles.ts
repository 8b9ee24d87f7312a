import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { InstanceArchitecture } from 'aws-cdk-lib/aws-ec2';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { Construct } from 'constructs';
import { type Check, checkThat } from './checks.ts';

/** Where `npm run build` puts the programs. */
export const DIST = join(import.meta.dirname, '..', 'dist');

/** The functions, each a folder with `index.mjs`. */
export type FunctionBundle = 'assign' | 'registrar' | 'roster' | 'reaper' | 'rotate' | 'release';

/** The files that machines fetch, by their path under the folder of bundles. */
export const AGENT_BUNDLE = 'agent/agent.mjs';
export const DOOR_BUNDLE = 'door/door.mjs';
export const SAMPLE_GAME_BUNDLE = 'game/game.mjs';

/** Node for an architecture, compressed: npm installs only the one of the deployer's own machine. */
export function nodeBundle(architecture: InstanceArchitecture, isWindows = false): string {
  if (isWindows) return 'node/node-win-x64.gz';
  return architecture === InstanceArchitecture.ARM_64 ? 'node/node-arm64.gz' : 'node/node-x64.gz';
}

/** What lets gateways of an architecture move datagrams by the batch; undefined if it was not packed: they do without. */
export function ffiBundle(folder: string, architecture: InstanceArchitecture): string | undefined {
  const path = join(
    folder,
    architecture === InstanceArchitecture.ARM_64 ? 'ffi/koffi-arm64.node' : 'ffi/koffi-x64.node',
  );
  return existsSync(path) ? path : undefined;
}

/** The bundles must have been made. */
export function checkBundles(folder: string, ...files: readonly string[]): Check {
  const missing = files.filter((file) => !existsSync(join(folder, file)));
  return checkThat(
    missing.length === 0,
    'bundles',
    `a folder with ${files.join(', ')} (npm run build:deploy makes it)`,
    missing.length === 0 ? folder : `${folder} without ${missing.join(', ')}`,
  );
}

/** A file in the bootstrap bucket that a machine fetches at boot and checks. */
export interface FetchedFile {
  readonly asset: Asset;
  /** SHA-256 of its bytes, in hex. */
  readonly sha256: string;
}

/** Puts `file` of the folder of bundles where machines can fetch it. */
export function fetchedFile(scope: Construct, id: string, path: string): FetchedFile {
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
  return { asset: new Asset(scope, id, { path }), sha256 };
}

/**
 * The right to read exactly these files. `Asset.grantRead` would open the whole bootstrap bucket, which holds the assets
 * of every application in the account.
 */
export function fetchStatement(files: readonly FetchedFile[]): PolicyStatement {
  return new PolicyStatement({
    sid: 'FetchPrograms',
    actions: ['s3:GetObject'],
    resources: files.map(({ asset }) =>
      Stack.of(asset).formatArn({
        service: 's3',
        region: '',
        account: '',
        resource: asset.s3BucketName,
        resourceName: asset.s3ObjectKey,
      }),
    ),
  });
}
