import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { ProgramVersions } from '../../lib/program-versions.ts';
import { ServerRegistry } from '../../lib/server-registry.ts';
import { sha256 } from './support/boot-sandbox.ts';
import { aStack, bundles, deploymentTemplate, messageOf, resourcesOf, statementsOf } from './support/synth.ts';

function versions(folder = bundles): Template {
  const stack = aStack();
  new ProgramVersions(stack, 'Versions', { registry: new ServerRegistry(stack, 'Registry'), bundles: folder });
  return Template.fromStack(stack);
}

describe('the wanted versions', () => {
  it.each([
    ['agent', 'agent/agent.mjs'],
    ['door', 'door/door.mjs'],
  ])('of the %s are the bytes that are deployed with them', (program, path) => {
    const hash = sha256(readFileSync(join(bundles, path)));
    versions().hasResourceProperties('Custom::OnedoorVersion', {
      program,
      sha256: hash,
      version: Match.stringLikeRegexp(`^\\d+\\.\\d+\\.\\d+\\+${hash.slice(0, 8)}$`),
      uri: { 'Fn::Sub': Match.stringLikeRegexp('^s3://') },
    });
  });

  it('are written by a function that may write nothing else', () => {
    const rights = statementsOf(versions()).filter(({ Action }) => String(Action).startsWith('dynamodb:'));
    expect(rights.map(({ Sid, Action }) => [Sid, Action])).toEqual([['WriteWantedVersions', 'dynamodb:PutItem']]);
  });

  it('change after the gateways did, so that agents meet gateways of their own version or a newer one', () => {
    const template = deploymentTemplate();
    const [group] = Object.keys(resourcesOf(template, 'AWS::AutoScaling::AutoScalingGroup')).filter((id) =>
      id.startsWith('Door'),
    );
    const wanted = Object.values(template.findResources('Custom::OnedoorVersion'));
    expect(wanted).toHaveLength(2);
    for (const resource of wanted) expect(resource['DependsOn']).toContain(group);
  });

  it('need the bundles', () => {
    expect(messageOf(() => versions('/nowhere'))).toContain('`bundles` must be a folder with release/index.mjs');
  });
});
