import { join } from 'node:path';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunction, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { FunctionBundle } from './bundles.ts';

export interface HandlerProps {
  /** Folder of the bundles. */
  readonly bundles: string;
  readonly bundle: FunctionBundle;
  readonly description: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly memorySize: number;
  readonly timeout: Duration;
  readonly logRetention: RetentionDays;
  /** Takes events that the function failed on. @default - none */
  readonly deadLetters?: IQueue;
  /** @default - as many at once as the account allows */
  readonly reservedConcurrentExecutions?: number;
}

/**
 * One of Onedoor's functions: arm64, Node 24, outside any VPC, since all it calls is public. Its role may write to its
 * own log group and nothing else until it is granted more.
 */
export function handlerFunction(scope: Construct, id: string, props: HandlerProps): LambdaFunction {
  const logGroup = new LogGroup(scope, `${id}Log`, {
    retention: props.logRetention,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  logGroup.grantWrite(role);
  return new LambdaFunction(scope, id, {
    description: props.description,
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    code: Code.fromAsset(join(props.bundles, props.bundle), { exclude: ['*.map'] }),
    handler: 'index.handler',
    role,
    logGroup,
    loggingFormat: LoggingFormat.JSON,
    memorySize: props.memorySize,
    timeout: props.timeout,
    environment: { ...props.environment },
    ...(props.reservedConcurrentExecutions !== undefined && {
      reservedConcurrentExecutions: props.reservedConcurrentExecutions,
    }),
    ...(props.deadLetters && { deadLetterQueue: props.deadLetters, retryAttempts: 2 }),
  });
}

/** Where events end that a function failed on, for two weeks, so that somebody can look and send them again. */
export function deadLetterQueue(scope: Construct, id: string): Queue {
  return new Queue(scope, id, {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
  });
}
