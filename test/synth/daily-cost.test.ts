import { describe, expect, it } from 'vitest';
import { parseDeployConfig } from '../../core/config/parse-deploy-config.ts';
import { idleInput } from '../../core/cost/deployment-cost.ts';
import { deploymentTemplate, resourcesOf } from './support/synth.ts';

const FLEET = { app: 'arena', capacity: 8 };

describe.each<[string, object]>([
  ['the default deployment', {}],
  [
    'a larger deployment',
    {
      network: { maxAzs: 3 },
      assign: { provisionedConcurrency: 2 },
      fleets: [
        { ...FLEET, name: 'a', diskGib: 20, min: 3, max: 5 },
        { ...FLEET, name: 'b', group: 'b', purchase: 'spot' },
      ],
    },
  ],
  ['a deployment whose servers are the door', { door: 'servers' }],
  ['Windows machines', { fleets: [{ ...FLEET, name: 'win', platform: 'windows' }] }],
])('the estimate for %s', (_what, input) => {
  const template = deploymentTemplate(input);
  const cost = idleInput(parseDeployConfig(input));

  it('is an output', () => {
    const { DailyCost } = template.findOutputs('DailyCost');
    expect(DailyCost?.['Value']).toMatch(/^about \d+\.\d\d USD a day while nobody plays: load balancers /);
  });

  it('counts what the template has: addresses, alarms, machines and their disks', () => {
    expect(cost.zones).toBe(Object.keys(resourcesOf(template, 'AWS::EC2::EIP')).length);
    expect(cost.alarms).toBe(Object.keys(resourcesOf(template, 'AWS::CloudWatch::Alarm')).length);
    const groups = Object.values(resourcesOf(template, 'AWS::AutoScaling::AutoScalingGroup'));
    const machines = [...(cost.gateways.count > 0 ? [cost.gateways] : []), ...cost.fleets];
    expect(groups.map(({ Properties }) => Number(Properties.MinSize))).toEqual(machines.map(({ count }) => count));
    const disks = Object.values(resourcesOf(template, 'AWS::EC2::LaunchTemplate')).map(
      ({ Properties }) => Properties.LaunchTemplateData.BlockDeviceMappings[0].Ebs.VolumeSize,
    );
    expect(disks).toEqual(machines.map(({ diskGib }) => diskGib));
  });
});
