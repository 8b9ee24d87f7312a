import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CustomResource, Duration } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { AGENT_BUNDLE, checkBundles, DIST, DOOR_BUNDLE, fetchedFile } from './bundles.ts';
import { checkProps } from './checks.ts';
import { handlerFunction } from './handler-function.ts';
import type { ServerRegistry } from './server-registry.ts';

export interface ProgramVersionsProps {
  readonly registry: ServerRegistry;
  /**
   * How long logs are kept.
   *
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays;
  /**
   * Folder of the built programs.
   *
   * @default - `dist` of this package
   */
  readonly bundles?: string;
}

const { version: RELEASE } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as {
  version: string;
};

/**
 * Which agent and which gateway machines shall run, as items of the registry. Machines that run already look there and
 * change their program by themselves (lib/boot/updater.sh). The items are resources of the stack: a deployment that is
 * rolled back puts back what they said. Let this depend on whatever should be done first, as on the gateways.
 */
export class ProgramVersions extends Construct {
  public readonly release: LambdaFunction;

  constructor(scope: Construct, id: string, props: ProgramVersionsProps) {
    super(scope, id);
    const { registry, bundles = DIST } = props;
    checkProps(checkBundles(bundles, 'release/index.mjs', AGENT_BUNDLE, DOOR_BUNDLE));
    this.release = handlerFunction(this, 'Release', {
      bundles,
      bundle: 'release',
      description: 'Onedoor: tells machines which version of their program is wanted',
      memorySize: 256,
      timeout: Duration.seconds(60),
      logRetention: props.logRetention ?? RetentionDays.ONE_MONTH,
      environment: { ONEDOOR_TABLE: registry.table.tableName },
    });
    registry.grantWantedVersions(this.release);
    for (const [program, path] of [
      ['agent', AGENT_BUNDLE],
      ['door', DOOR_BUNDLE],
    ] as const) {
      const { asset, sha256 } = fetchedFile(this, `Code-${program}`, join(bundles, path));
      const wanted = new CustomResource(this, `Wanted-${program}`, {
        resourceType: 'Custom::OnedoorVersion',
        serviceToken: this.release.functionArn,
        serviceTimeout: Duration.minutes(2),
        properties: { program, version: `${RELEASE}+${sha256.slice(0, 8)}`, uri: asset.s3ObjectUrl, sha256 },
      });
      // The function's rights are a resource of their own.
      if (this.release.role) wanted.node.addDependency(this.release.role);
    }
  }
}
