import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { ResourceActions } from './support/action-entry.ts';
import { BOOTSTRAP_ACTIONS } from './support/bootstrap-actions.ts';
import { type AccessRequest, isAllowed, type PolicyStatement } from './support/iam-evaluator.ts';
import { RESOURCE_ACTIONS } from './support/resource-actions.ts';
import { deploymentTemplate } from './support/synth.ts';

type Policies = Readonly<Record<string, { readonly Version: string; readonly Statement: readonly PolicyStatement[] }>>;

const POLICIES = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../docs/deployer-policy.json'), 'utf8'),
) as Policies;

function statementsOf(name: RegExp): readonly PolicyStatement[] {
  return Object.entries(POLICIES).flatMap(([policy, { Statement }]) => (name.test(policy) ? Statement : []));
}

/** Of the role that CloudFormation takes to make the stack. */
const EXECUTION = statementsOf(/^OnedoorExecution/);
/** Of whoever runs `cdk bootstrap` and `cdk deploy`. */
const BOOTSTRAP = statementsOf(/^OnedoorBootstrap$/);
const DEPLOY = statementsOf(/^OnedoorDeploy$/);

const ACCOUNT_LIMITS = { characters: 6_144, policiesOfARole: 10 };

function aRequest(action: string, resource: string, key = ''): AccessRequest {
  const [name = '', value = ''] = key.split('=');
  return { action, resource, context: key === '' ? {} : { [name]: value } };
}

function requestsFor({ arn, create, update = '', delete: remove, beside = [] }: ResourceActions): AccessRequest[] {
  const own = `${create} ${update} ${remove}`.split(' ').filter((action) => action !== '');
  return [
    ...own.map((action) => aRequest(action, arn)),
    ...beside.map((text) => {
      const [action = '', resource = '', key] = text.split(' ');
      return aRequest(action, resource, key);
    }),
  ];
}

function refused(statements: readonly PolicyStatement[], entry: ResourceActions): string[] {
  return requestsFor(entry)
    .filter((request) => !isAllowed(statements, request))
    .map(({ action, resource }) => `${action} on ${resource}`);
}

const FLEET = { app: 'arena', capacity: 8 };
/** Together they have every type of resource that a configuration can bring. */
const TYPES = new Set(
  [
    {},
    {
      alarmEmail: 'ops@example.com',
      domain: {
        name: 'door.example.com',
        certificateArn: 'arn:aws:acm:eu-west-1:123456789012:certificate/0b0c0d0e-1111-2222-3333-444455556666',
        zone: { id: 'Z0123456789ABC', name: 'example.com' },
      },
      assign: { provisionedConcurrency: 1 },
      existingServers: [{ join: 'machines', capacity: 8 }],
      fleets: [
        { ...FLEET, name: 'a', purchase: 'spot' },
        { ...FLEET, name: 'b', group: 'b', min: 0, max: 3 },
      ],
    },
  ].flatMap((input) => {
    const resources = deploymentTemplate(input).toJSON()['Resources'] as Record<string, { readonly Type: string }>;
    return Object.values(resources).map(({ Type }) => Type);
  }),
);

describe('docs/deployer-policy.json', () => {
  it.each(Object.entries(POLICIES))('has a policy %s within the limits of IAM', (_name, policy) => {
    expect(policy.Version).toBe('2012-10-17');
    expect(JSON.stringify(policy).length).toBeLessThanOrEqual(ACCOUNT_LIMITS.characters);
  });

  it('gives no role more policies than it may have', () => {
    const ofExecution = Object.keys(POLICIES).filter((name) => name.startsWith('OnedoorExecution'));
    expect(ofExecution.length).toBeGreaterThan(0);
    expect(ofExecution.length).toBeLessThanOrEqual(ACCOUNT_LIMITS.policiesOfARole);
  });

  it('names each action, and no action twice in a statement', () => {
    for (const { Action } of Object.values(POLICIES).flatMap(({ Statement }) => Statement)) {
      const actions = [Action].flat();
      for (const action of actions) expect(action).toMatch(/^[a-z0-9]+:[A-Z]\w+$/);
      expect(new Set(actions).size).toBe(actions.length);
    }
  });
});

describe('the role that makes the stack', () => {
  it.each([...TYPES].sort())('may create, update and delete %s', (type) => {
    const entry = RESOURCE_ACTIONS[type];
    if (!entry) throw new Error(`test/synth/support/resource-actions.ts must say what ${type} takes`);
    expect(refused(EXECUTION, entry)).toEqual([]);
  });

  it('is judged by no type that no deployment has', () => {
    expect(Object.keys(RESOURCE_ACTIONS).filter((type) => !TYPES.has(type))).toEqual([]);
  });

  it.each([
    ['takes over another application’s role', 'iam:PutRolePolicy', 'arn:aws:iam::123456789012:role/Admin', ''],
    [
      'hands another role to its functions',
      'iam:PassRole',
      'arn:aws:iam::123456789012:role/Admin',
      'iam:PassedToService=lambda.amazonaws.com',
    ],
    [
      'hands its roles to another service',
      'iam:PassRole',
      'arn:aws:iam::123456789012:role/onedoor-x',
      'iam:PassedToService=glue.amazonaws.com',
    ],
    ['makes users', 'iam:CreateUser', 'arn:aws:iam::123456789012:user/onedoor-x', ''],
    [
      'reads the signing secret',
      'secretsmanager:GetSecretValue',
      'arn:aws:secretsmanager:eu-west-1:123456789012:secret:TicketKeysB0A0A2B1-x1-AbCdEf',
      '',
    ],
    ['reads the registry', 'dynamodb:GetItem', 'arn:aws:dynamodb:eu-west-1:123456789012:table/onedoor-Registry-x1', ''],
    ['deletes another table', 'dynamodb:DeleteTable', 'arn:aws:dynamodb:eu-west-1:123456789012:table/orders', ''],
    ['changes another function', 'lambda:UpdateFunctionCode', 'arn:aws:lambda:eu-west-1:123456789012:function:pay', ''],
    ['changes what others deploy', 's3:PutObject', 'arn:aws:s3:::cdk-hnb659fds-assets-123456789012-eu-west-1/x', ''],
    [
      'makes service-linked roles of other services',
      'iam:CreateServiceLinkedRole',
      'arn:aws:iam::123456789012:role/aws-service-role/x',
      'iam:AWSServiceName=guardduty.amazonaws.com',
    ],
  ])('never %s', (_what, action, arn, key) => {
    expect(isAllowed(EXECUTION, aRequest(action, arn, key))).toBe(false);
  });
});

describe('who bootstraps', () => {
  const folder = dirname(createRequire(import.meta.url).resolve('aws-cdk/package.json'));
  const text = readFileSync(join(folder, 'lib/api/bootstrap/bootstrap-template.yaml'), 'utf8');
  const functions = /!(Sub|Ref|If|Not|And|Or|Equals|Join|Select|Split|GetAtt|FindInMap|Condition)\b/g;
  const { Resources } = parse(text.replaceAll(functions, '')) as {
    readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Condition?: string }>>;
  };
  /** Keys and boundaries come only with flags that docs/DEPLOY.md does not use. */
  const asked = ['CreateNewKey', 'ShouldCreatePermissionsBoundary'];
  const made = Object.values(Resources).filter(({ Condition }) => !asked.includes(Condition ?? ''));

  it('may make the whole stack of the pinned CDK', () => {
    const types = new Set(made.map(({ Type }) => Type));
    expect([...types].sort()).toEqual(Object.keys(BOOTSTRAP_ACTIONS).sort());
    for (const type of types) expect(refused(BOOTSTRAP, BOOTSTRAP_ACTIONS[type]!)).toEqual([]);
  });

  it.each(['CreateChangeSet', 'DescribeChangeSet', 'ExecuteChangeSet', 'DescribeStacks', 'DescribeStackEvents'])(
    'may call cloudformation:%s for that stack alone',
    (action) => {
      const on = (stack: string): AccessRequest =>
        aRequest(`cloudformation:${action}`, `arn:aws:cloudformation:eu-west-1:123456789012:stack/${stack}/6f1d`);
      expect(isAllowed(BOOTSTRAP, on('CDKToolkit'))).toBe(true);
      expect(isAllowed(BOOTSTRAP, on('payments'))).toBe(false);
    },
  );

  it('cannot let the stack be made with all rights', () => {
    const role = 'arn:aws:iam::123456789012:role/cdk-hnb659fds-cfn-exec-role-123456789012-eu-west-1';
    const admin = 'iam:PolicyARN=arn:aws:iam::aws:policy/AdministratorAccess';
    expect(isAllowed(BOOTSTRAP, aRequest('iam:AttachRolePolicy', role, admin))).toBe(false);
  });
});

describe('who deploys', () => {
  const role = (kind: string): string => `arn:aws:iam::123456789012:role/cdk-hnb659fds-${kind}-123456789012-eu-west-1`;

  it.each(['deploy-role', 'file-publishing-role', 'lookup-role'])('may become the bootstrapped %s', (kind) => {
    expect(isAllowed(DEPLOY, aRequest('sts:AssumeRole', role(kind)))).toBe(true);
  });

  it('cannot become the role that makes the stack, and may do nothing by itself', () => {
    expect(isAllowed(DEPLOY, aRequest('sts:AssumeRole', role('cfn-exec-role')))).toBe(false);
    expect(DEPLOY.flatMap(({ Action }) => Action)).toEqual(['sts:AssumeRole']);
  });
});
