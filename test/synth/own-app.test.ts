import { Template } from 'aws-cdk-lib/assertions';
import { expect, it } from 'vitest';
import { ownStack } from '../../examples/own-app/app.ts';
import { anApp, bundles } from './support/synth.ts';

it('the constructs serve an application of somebody else, one by one', () => {
  const template = Template.fromStack(ownStack(anApp(), bundles));
  template.resourceCountIs('AWS::AutoScaling::AutoScalingGroup', 1);
  template.resourceCountIs('AWS::ElasticLoadBalancingV2::LoadBalancer', 2);
  expect(Object.keys(template.toJSON()['Resources']).length).toBeLessThan(200);
});
