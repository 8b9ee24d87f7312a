import { RemovalPolicy } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { describe, expect, it } from 'vitest';
import { TicketKeys } from '../../lib/ticket-keys.ts';
import { aStack, statementsOf } from './support/synth.ts';

describe('the ticket keys', () => {
  it('come from a text that Secrets Manager makes and nobody has seen', () => {
    const stack = aStack();
    new TicketKeys(stack, 'Keys');
    Template.fromStack(stack).hasResource('AWS::SecretsManager::Secret', {
      DeletionPolicy: 'Delete',
      Properties: {
        GenerateSecretString: { PasswordLength: 64, ExcludePunctuation: true },
        SecretString: Match.absent(),
      },
    });
  });

  it('stay when they are told to', () => {
    const stack = aStack();
    new TicketKeys(stack, 'Keys', { removalPolicy: RemovalPolicy.RETAIN });
    Template.fromStack(stack).hasResource('AWS::SecretsManager::Secret', { DeletionPolicy: 'Retain' });
  });

  it('let a program read the text of this secret alone', () => {
    const stack = aStack();
    const keys = new TicketKeys(stack, 'Keys');
    keys.grantRead(new Role(stack, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') }));
    const statements = statementsOf(Template.fromStack(stack));
    expect(statements).toHaveLength(1);
    expect(statements[0]).toMatchObject({
      Action: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'],
      Resource: { Ref: expect.stringMatching(/^Keys/) },
    });
  });
});
