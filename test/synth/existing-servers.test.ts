import { Duration } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { InstanceArchitecture } from 'aws-cdk-lib/aws-ec2';
import { beforeAll, describe, expect, it } from 'vitest';
import { ExistingServers, type ExistingServersProps } from '../../lib/existing-servers.ts';
import { ServerRegistry } from '../../lib/server-registry.ts';
import { BUCKET, boot, canBoot, readyToBoot } from './support/boot-sandbox.ts';
import { aStack, bundles, deploymentTemplate, messageOf, rendered, resourcesOf } from './support/synth.ts';

function existing(props: Partial<ExistingServersProps> = {}): Template {
  const stack = aStack();
  const registry = new ServerRegistry(stack, 'Registry');
  new ExistingServers(stack, 'Existing', { registry, join: 'old', capacity: 8, bundles, ...props });
  return Template.fromStack(stack);
}

function script(template: Template): string {
  const [document] = Object.values(resourcesOf(template, 'AWS::SSM::Document'));
  return rendered(document!.Properties.Content.mainSteps[0].inputs.runCommand[0]);
}

describe('existing servers with no more than they need', () => {
  let template: Template;
  beforeAll(() => {
    template = existing();
  });

  it('get the rights of an agent by a policy for their role', () => {
    const [policy] = Object.values(resourcesOf(template, 'AWS::IAM::ManagedPolicy'));
    const statements = policy!.Properties.PolicyDocument.Statement as { Sid: string; Action: string }[];
    expect(statements.map(({ Sid, Action }) => [Sid, Action])).toEqual([
      ['FetchPrograms', 's3:GetObject'],
      ['WriteOwnRows', 'dynamodb:UpdateItem'],
      ['ReadOwnRows', 'dynamodb:GetItem'],
      ['ReadRosterAndKeys', 'dynamodb:GetItem'],
      ['ReadWantedVersion', 'dynamodb:GetItem'],
    ]);
    expect(JSON.stringify(statements[1])).toMatch(/SRV#\$\{aws:userid\}#\*/);
  });

  it('are found by their tag, now and later', () => {
    template.hasResourceProperties('AWS::SSM::Association', {
      Name: { Ref: Match.stringLikeRegexp('^ExistingInstall') },
      Targets: [{ Key: 'tag:onedoor:join', Values: ['old'] }],
    });
    template.hasResourceProperties('AWS::SSM::Document', { DocumentType: 'Command', UpdateMethod: 'NewVersion' });
  });

  it('get the agent for their CPU and keep their game', () => {
    expect(script(template)).toContain("PROGRAM='agent'");
    expect(script(template)).toMatch(/--game 127\.0\.0\.1:7777 --capacity 8 --load "api" .*--drain-deadline 3600/);
    expect(script(template)).not.toContain("/opt/onedoor/start-game' <<");
    expect(script(template)).not.toContain('ROLE_ID=');
  });

  it.skipIf(!canBoot())('learn their name from STS', () => {
    const { status, calls, read } = boot(readyToBoot(script(template)), BUCKET);
    expect(status).toBe(0);
    expect(calls).toContain('aws sts get-caller-identity --query UserId --output text');
    expect(read('etc/onedoor/agent.env')).toContain("ONEDOOR_IDENTITY='AROAOTHER:i-0fedcba'");
  });
});

describe('existing servers with everything given', () => {
  it('get all of it', () => {
    const template = existing({
      architecture: InstanceArchitecture.ARM_64,
      slots: 2,
      ports: { game: 27_960, probe: 7000, lobby: 8000 },
      load: 'gamedig:quake3',
      drainTime: Duration.minutes(5),
      settings: '{"a":1}',
    });
    const [x64, arm64] = [script(existing()), script(template)].map((text) => /^NODE_SHA256='(.*)'$/m.exec(text)?.[1]);
    expect(x64).not.toBe(arm64);
    expect(script(template)).toContain(`ONEDOOR_CONFIG='{"a":1}'`);
    expect(script(template)).toMatch(
      /--game 127\.0\.0\.1:27961 --capacity 8 --load "gamedig:quake3" --probe-port 7000 --lobby-port 8000 .*--drain-deadline 300/,
    );
  });
});

describe('a deployment with existing servers', () => {
  it('says which policy their role needs', () => {
    const template = deploymentTemplate({ existingServers: [{ join: 'old', capacity: 8, architecture: 'arm64' }] });
    template.resourceCountIs('AWS::SSM::Association', 1);
    template.hasOutput('Policyold', { Value: { Ref: Match.stringLikeRegexp('^ExistingoldPolicy') } });
  });
});

describe('the props of existing servers', () => {
  it('are checked together', () => {
    const wrong = { join: '', capacity: 0, slots: 0, ports: { game: 1 }, load: '"' };
    expect(messageOf(() => existing(wrong)).split('\n')).toEqual([
      '`join` must be 1 to 32 characters of letters, digits, space and + - = . _ : / @, got: .',
      '`capacity` must be a whole number between 1 and 100000, got: 0.',
      '`slots` must be a whole number between 1 and 100, got: 0.',
      '`ports` must be game, probe and others, each 0 ports from the next and from 7100, up to 65535, got: {"game":1}.',
      '`load` must be a word of --load without quotes, backslashes and spaces: a program gets no arguments of its own, got: ".',
    ]);
  });
});
