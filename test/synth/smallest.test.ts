import { Template } from 'aws-cdk-lib/assertions';
import { expect, it } from 'vitest';
import { smallestStack } from '../../examples/smallest/app.ts';
import { anApp, bundles } from './support/synth.ts';

it('the smallest example is a whole deployment under its own name', () => {
  const stack = smallestStack(anApp(), bundles);
  const template = Template.fromStack(stack);
  expect(stack.stackName).toBe('my-game');
  template.resourceCountIs('AWS::DynamoDB::Table', 1);
  template.resourceCountIs('AWS::AutoScaling::AutoScalingGroup', 2);
});
