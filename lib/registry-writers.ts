import { Duration } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { FilterCriteria, FilterRule, type Function as LambdaFunction, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { checkBundles, DIST } from './bundles.ts';
import { checkProps } from './checks.ts';
import { deadLetterQueue, handlerFunction } from './handler-function.ts';
import type { ServerRegistry } from './server-registry.ts';

export interface RegistryWritersProps {
  readonly registry: ServerRegistry;
  /**
   * ONEDOOR_CONFIG of the functions, see `AssignmentEndpoint.settings`.
   *
   * @default - none
   */
  readonly settings?: string;
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

/** Times that a stream's record is tried before it goes to the dead letters: with the batch halved each time. */
const STREAM_RETRIES = 5;

/**
 * The functions that write what nobody else may: `registrar` (addresses, ports, zones and pools, as EC2 knows them, on
 * a new row and when an instance changes its state) and `roster` (the packed list of servers, on every change).
 */
export class RegistryWriters extends Construct {
  public readonly registrar: LambdaFunction;
  public readonly roster: LambdaFunction;
  /** Events that a function failed on. */
  public readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: RegistryWritersProps) {
    super(scope, id);
    const { registry, bundles = DIST, logRetention = RetentionDays.ONE_MONTH } = props;
    checkProps(checkBundles(bundles, 'registrar/index.mjs', 'roster/index.mjs'));
    this.deadLetters = deadLetterQueue(this, 'DeadLetters');
    const common = {
      bundles,
      logRetention,
      timeout: Duration.seconds(30),
      deadLetters: this.deadLetters,
      environment: {
        ONEDOOR_TABLE: registry.table.tableName,
        ...(props.settings !== undefined && { ONEDOOR_CONFIG: props.settings }),
      },
    };
    this.registrar = handlerFunction(this, 'Registrar', {
      ...common,
      bundle: 'registrar',
      description: 'Onedoor: asks EC2 for the address and the pool of each server',
      memorySize: 512,
    });
    this.roster = handlerFunction(this, 'Roster', {
      ...common,
      bundle: 'roster',
      description: 'Onedoor: packs the list of servers for those who assign',
      memorySize: 1024,
      // There is one writer of the roster: a second one, on another shard of the stream, would undo what this one wrote.
      reservedConcurrentExecutions: 1,
    });
    registry.grantRegistrar(this.registrar);
    registry.grantRoster(this.roster);
    // DescribeInstances knows no resources (Service Authorization Reference, Amazon EC2).
    this.registrar.addToRolePolicy(
      new PolicyStatement({ sid: 'AskEc2', actions: ['ec2:DescribeInstances'], resources: ['*'] }),
    );
    this.consumeStream(registry);
    this.watchInstances();
    // Without a server there is no change, and gateways wait for the first roster, be it empty.
    new Rule(this, 'RosterTick', {
      description: 'Onedoor: writes the roster even when nothing changes',
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaTarget(this.roster, { event: RuleTargetInput.fromObject({}), retryAttempts: 0 })],
    });
  }

  private consumeStream(registry: ServerRegistry): void {
    type Filter = Parameters<typeof FilterCriteria.filter>[0];
    const source = (filters: readonly Filter[], wait: Duration): DynamoEventSource =>
      new DynamoEventSource(registry.table as ITable, {
        startingPosition: StartingPosition.TRIM_HORIZON,
        batchSize: 1000,
        retryAttempts: STREAM_RETRIES,
        bisectBatchOnError: true,
        onFailure: new SqsDlq(this.deadLetters),
        maxBatchingWindow: wait,
        filters: filters.map((filter) => FilterCriteria.filter(filter)),
      });
    const serverRow = { Keys: { pk: { S: FilterRule.beginsWith('SRV#') } } };
    const notVerified = { NewImage: { verified: { BOOL: FilterRule.notExists() } } };
    // A heartbeat of a verified row is no news to the registrar, and there is one per server and 5 s.
    const news: readonly Filter[] = [
      { eventName: ['INSERT'], dynamodb: serverRow },
      { eventName: ['MODIFY'], dynamodb: { ...serverRow, ...notVerified } },
    ];
    this.registrar.addEventSource(source(news, Duration.seconds(0)));
    // Each pass writes the roster: one a second is fresh enough and bounds the bill.
    this.roster.addEventSource(source([{ dynamodb: serverRow }], Duration.seconds(1)));
  }

  private watchInstances(): void {
    new Rule(this, 'InstanceStates', {
      description: 'Onedoor: an instance started or went away',
      eventPattern: {
        source: ['aws.ec2'],
        detailType: ['EC2 Instance State-change Notification'],
        detail: { state: ['running', 'shutting-down', 'terminated', 'stopping', 'stopped'] },
      },
      targets: [
        new LambdaTarget(this.registrar, {
          deadLetterQueue: this.deadLetters,
          maxEventAge: Duration.hours(1),
          retryAttempts: 10,
        }),
      ],
    });
  }
}
