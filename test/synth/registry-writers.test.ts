import { Match, Template } from 'aws-cdk-lib/assertions';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { beforeAll, describe, expect, it } from 'vitest';
import { RegistryWriters, type RegistryWritersProps } from '../../lib/registry-writers.ts';
import { ServerRegistry } from '../../lib/server-registry.ts';
import { aFile, aStack, bundles, messageOf, resourcesOf, statementsOf } from './support/synth.ts';

function writers(props: Partial<RegistryWritersProps> = {}): Template {
  const stack = aStack();
  new RegistryWriters(stack, 'Writers', { registry: new ServerRegistry(stack, 'Registry'), bundles, ...props });
  return Template.fromStack(stack);
}

describe('the functions that write the registry', () => {
  let template: Template;
  beforeAll(() => {
    template = writers();
  });

  it('run on arm64 with Node 24, outside any VPC, and know the table', () => {
    template.resourceCountIs('AWS::Lambda::Function', 2);
    template.allResourcesProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      VpcConfig: Match.absent(),
      Environment: { Variables: { ONEDOOR_TABLE: { Ref: Match.stringLikeRegexp('^Registry') } } },
    });
  });

  it('keep their logs for a month', () => {
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
  });

  it('hear of every change of a server row, the registrar only of rows that are not verified', () => {
    const mappings = Object.values(resourcesOf(template, 'AWS::Lambda::EventSourceMapping')).map(
      ({ Properties }) => Properties,
    );
    const patterns = mappings.map(({ FilterCriteria }) =>
      (FilterCriteria.Filters as { Pattern: string }[]).map(({ Pattern }) => JSON.parse(Pattern)),
    );
    const Keys = { pk: { S: [{ prefix: 'SRV#' }] } };
    expect(patterns).toEqual([
      [
        { eventName: ['INSERT'], dynamodb: { Keys } },
        { eventName: ['MODIFY'], dynamodb: { Keys, NewImage: { verified: { BOOL: [{ exists: false }] } } } },
      ],
      [{ dynamodb: { Keys } }],
    ]);
    expect(mappings.map(({ MaximumBatchingWindowInSeconds }) => MaximumBatchingWindowInSeconds)).toEqual([0, 1]);
    for (const mapping of mappings) {
      expect(mapping).toMatchObject({
        StartingPosition: 'TRIM_HORIZON',
        BisectBatchOnFunctionError: true,
        MaximumRetryAttempts: 5,
        DestinationConfig: {
          OnFailure: { Destination: { 'Fn::GetAtt': [expect.stringContaining('DeadLetters'), 'Arn'] } },
        },
      });
    }
  });

  it('hear of instances that start and go away', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.ec2'],
        'detail-type': ['EC2 Instance State-change Notification'],
        detail: { state: ['running', 'shutting-down', 'terminated', 'stopping', 'stopped'] },
      },
      Targets: [Match.objectLike({ DeadLetterConfig: Match.anyValue(), RetryPolicy: Match.anyValue() })],
    });
  });

  it('write the roster even when nothing changes, one at a time', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'rate(1 minute)',
      Targets: [Match.objectLike({ Input: '{}' })],
    });
    template.hasResourceProperties('AWS::Lambda::Function', {
      Description: Match.stringLikeRegexp('packs the list'),
      ReservedConcurrentExecutions: 1,
    });
  });

  it('may ask EC2 for instances and list streams, and nothing else everywhere', () => {
    const everywhere = statementsOf(template).filter(({ Resource }) => Resource === '*');
    expect(everywhere.map(({ Action }) => Action)).toEqual([
      'ec2:DescribeInstances',
      'dynamodb:ListStreams',
      'dynamodb:ListStreams',
    ]);
  });

  it('leave what they fail on in a queue for two weeks', () => {
    template.resourceCountIs('AWS::SQS::Queue', 1);
    template.hasResourceProperties('AWS::SQS::Queue', {
      MessageRetentionPeriod: 1_209_600,
      SqsManagedSseEnabled: true,
    });
    template.allResourcesProperties('AWS::Lambda::Function', {
      DeadLetterConfig: { TargetArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('DeadLetters'), 'Arn'] } },
    });
  });

  it('take settings and another retention', () => {
    const maximal = writers({ settings: '{"a":1}', logRetention: RetentionDays.ONE_DAY });
    maximal.allResourcesProperties('AWS::Lambda::Function', {
      Environment: { Variables: { ONEDOOR_CONFIG: '{"a":1}' } },
    });
    maximal.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 1 });
  });
});

describe('validateBundles', () => {
  it('names the bundles that have not been made', () => {
    const empty = aFile('empty', '');
    expect(messageOf(() => writers({ bundles: empty }))).toBe(
      `\`bundles\` must be a folder with registrar/index.mjs, roster/index.mjs (npm run build:deploy makes it), got: ${`${empty} without registrar/index.mjs, roster/index.mjs`.slice(0, 57)}....`,
    );
  });
});
