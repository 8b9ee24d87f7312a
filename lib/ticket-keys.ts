import { CustomResource, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { type CfnSecret, type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { checkBundles, DIST } from './bundles.ts';
import { checkProps, checkThat } from './checks.ts';
import { deadLetterQueue, handlerFunction } from './handler-function.ts';
import type { ServerRegistry } from './server-registry.ts';

export interface TicketKeysProps {
  /** Where the public keys are published. */
  readonly registry: ServerRegistry;
  /**
   * Time between two signing keys, in whole days up to a year. A key is published this long before it signs.
   *
   * @default Duration.days(30)
   */
  readonly rotationPeriod?: Duration;
  /**
   * What happens to the secret when the stack is deleted. Tickets last minutes, so nothing is lost with it.
   *
   * @default RemovalPolicy.DESTROY
   */
  readonly removalPolicy?: RemovalPolicy;
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

/**
 * The key that signs tickets. CloudFormation makes no Ed25519 key, so Secrets Manager generates a text, and
 * HKDF-SHA256 of it is the seed (RFC 5869, RFC 8032). The text never leaves Secrets Manager but to those granted here;
 * it stands in no environment, output or user data. A function publishes the public keys before a deployment ends, and
 * looks every day whether it is time for the next key.
 */
export class TicketKeys extends Construct {
  public readonly secret: ISecret;
  /** For ONEDOOR_KEY_SECRET. */
  public readonly secretArn: string;
  public readonly rotate: LambdaFunction;
  /** Runs of the rotation that failed for good. */
  public readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: TicketKeysProps) {
    super(scope, id);
    const { registry, rotationPeriod = Duration.days(30), bundles = DIST } = props;
    checkProps(validatePeriod(rotationPeriod), checkBundles(bundles, 'rotate/index.mjs'));
    const secret = new Secret(this, 'Resource', {
      description: 'Onedoor signs tickets with the Ed25519 key derived from this text',
      // 64 letters and digits: 381 bits, of which HKDF makes the 256 of the seed.
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy: props.removalPolicy ?? RemovalPolicy.DESTROY,
    });
    this.secret = secret as ISecret;
    // The attribute `Id` is the ARN on every engine; `Ref` is on AWS, and the name on some emulators.
    this.secretArn = (secret.node.defaultChild as CfnSecret).attrId;
    this.deadLetters = deadLetterQueue(this, 'DeadLetters');
    this.rotate = handlerFunction(this, 'Rotate', {
      bundles,
      bundle: 'rotate',
      description: 'Onedoor: publishes the ticket keys and moves on to the next one',
      memorySize: 256,
      timeout: Duration.seconds(60),
      logRetention: props.logRetention ?? RetentionDays.ONE_MONTH,
      deadLetters: this.deadLetters,
      environment: { ONEDOOR_TABLE: registry.table.tableName, ONEDOOR_KEY_SECRET: this.secretArn },
    });
    registry.grantPublishKeys(this.rotate);
    this.grantRotate(this.rotate);
    this.schedule(rotationPeriod.toDays());
  }

  /** Lets a program sign tickets: the assign function and the gateways, nobody else. */
  public grantRead(grantee: IGrantable): void {
    this.secret.grantRead(grantee);
  }

  private grantRotate(grantee: IGrantable): void {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'RotateKeys',
        actions: ['GetSecretValue', 'ListSecretVersionIds', 'PutSecretValue', 'UpdateSecretVersionStage'].map(
          (action) => `secretsmanager:${action}`,
        ),
        resources: [this.secret.secretArn],
      }),
    );
  }

  private schedule(periodDays: number): void {
    new Rule(this, 'Daily', {
      description: 'Onedoor: is it time for the next ticket key?',
      schedule: Schedule.rate(Duration.days(1)),
      targets: [new LambdaTarget(this.rotate, { event: RuleTargetInput.fromObject({ periodDays }) })],
    });
    const first = new CustomResource(this, 'Publish', {
      resourceType: 'Custom::OnedoorTicketKeys',
      serviceToken: this.rotate.functionArn,
      serviceTimeout: Duration.minutes(2),
      properties: { periodDays },
    });
    // The function's rights are a resource of their own.
    if (this.rotate.role) first.node.addDependency(this.rotate.role);
  }
}

function validatePeriod(period: Duration): string | undefined {
  const days = period.toDays({ integral: false });
  const holds = Number.isInteger(days) && days >= 1 && days <= 365;
  return checkThat(holds, 'rotationPeriod', 'between 1 and 365 whole days', period.toHumanString());
}
