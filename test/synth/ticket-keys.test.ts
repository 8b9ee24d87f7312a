import { Duration, RemovalPolicy, type Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { beforeAll, describe, expect, it } from 'vitest';
import { ServerRegistry } from '../../lib/server-registry.ts';
import { TicketKeys, type TicketKeysProps } from '../../lib/ticket-keys.ts';
import { aStack, bundles, messageOf, statementsOf } from './support/synth.ts';

function someKeys(props: Partial<TicketKeysProps> = {}): { readonly stack: Stack; readonly keys: TicketKeys } {
  const stack = aStack();
  const registry = new ServerRegistry(stack, 'Registry');
  return { stack, keys: new TicketKeys(stack, 'Keys', { registry, bundles, ...props }) };
}

describe('the ticket keys with no more than they need', () => {
  let template: Template;
  beforeAll(() => {
    template = Template.fromStack(someKeys().stack);
  });

  it('come from a text that Secrets Manager makes and nobody has seen', () => {
    template.hasResource('AWS::SecretsManager::Secret', {
      DeletionPolicy: 'Delete',
      Properties: {
        GenerateSecretString: { PasswordLength: 64, ExcludePunctuation: true },
        SecretString: Match.absent(),
      },
    });
  });

  it('are published before the deployment ends, once the function may do so', () => {
    template.hasResource('Custom::OnedoorTicketKeys', {
      Properties: {
        ServiceToken: { 'Fn::GetAtt': [Match.stringLikeRegexp('^KeysRotate'), 'Arn'] },
        ServiceTimeout: '120',
        periodDays: 30,
      },
      DependsOn: Match.arrayWith([Match.stringLikeRegexp('^KeysRotateRoleDefaultPolicy')]),
    });
  });

  it('are looked at every day', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'rate(1 day)',
      Targets: [Match.objectLike({ Input: '{"periodDays":30}' })],
    });
  });

  it('let the function move the versions of this secret and publish public keys', () => {
    const statements = statementsOf(template).filter(({ Sid }) => Sid !== undefined);
    expect(statements.map(({ Sid, Action }) => [Sid, Action])).toEqual([
      ['PublishKeys', ['dynamodb:GetItem', 'dynamodb:PutItem']],
      [
        'RotateKeys',
        ['GetSecretValue', 'ListSecretVersionIds', 'PutSecretValue', 'UpdateSecretVersionStage'].map(
          (action) => `secretsmanager:${action}`,
        ),
      ],
    ]);
    expect(statements[1]?.Resource).toEqual({ Ref: expect.stringMatching(/^Keys/) });
  });
});

describe('the ticket keys with everything given', () => {
  it('stay, rotate and keep logs as told', () => {
    const template = Template.fromStack(
      someKeys({
        removalPolicy: RemovalPolicy.RETAIN,
        rotationPeriod: Duration.days(7),
        logRetention: RetentionDays.ONE_DAY,
      }).stack,
    );
    template.hasResource('AWS::SecretsManager::Secret', { DeletionPolicy: 'Retain' });
    template.hasResourceProperties('Custom::OnedoorTicketKeys', { periodDays: 7 });
    template.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 1 });
  });
});

describe('grantRead', () => {
  it('lets a program read the text of this secret alone', () => {
    const { stack, keys } = someKeys();
    keys.grantRead(new Role(stack, 'Reader', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') }));
    const statements = statementsOf(Template.fromStack(stack)).filter(({ roles }) => roles[0]?.startsWith('Reader'));
    expect(statements).toMatchObject([
      {
        Action: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'],
        Resource: { Ref: expect.stringMatching(/^Keys/) },
      },
    ]);
  });
});

describe('validatePeriod', () => {
  it.each([
    [Duration.hours(36), '1 day 12 hours'],
    [Duration.days(366), '366 days'],
  ])('refuses %s', (rotationPeriod, got) => {
    expect(messageOf(() => someKeys({ rotationPeriod }))).toBe(
      `\`rotationPeriod\` must be between 1 and 365 whole days, got: ${got}.`,
    );
  });
});
