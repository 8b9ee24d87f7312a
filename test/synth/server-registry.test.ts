import { RemovalPolicy, type Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { describe, expect, it } from 'vitest';
import { ServerRegistry, type ServerRegistryProps } from '../../lib/server-registry.ts';
import { aStack, type Statement, statementsOf } from './support/synth.ts';

const TABLE = { 'Fn::GetAtt': [Match.stringLikeRegexp('^Registry'), 'Arn'] };

function aRegistry(props: ServerRegistryProps = {}): { readonly stack: Stack; readonly registry: ServerRegistry } {
  const stack = aStack();
  return { stack, registry: new ServerRegistry(stack, 'Registry', props) };
}

/** The statements that one grant gives to a role, without their table. */
function granted(grant: (registry: ServerRegistry, role: Role) => void): readonly Partial<Statement>[] {
  const { stack, registry } = aRegistry();
  grant(registry, new Role(stack, 'Role', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') }));
  return statementsOf(Template.fromStack(stack)).map(({ Sid, Action, Condition }) => ({
    ...(Sid !== undefined && { Sid }),
    Action,
    ...(Condition !== undefined && { Condition }),
  }));
}

function keysAlone(...keys: string[]): object {
  return {
    'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': keys },
    Null: { 'dynamodb:LeadingKeys': 'false' },
  };
}

function keysAndAttributes(key: string, ...attributes: string[]): object {
  return {
    'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [key] },
    'ForAllValues:StringEquals': { 'dynamodb:Attributes': attributes },
    Null: { 'dynamodb:LeadingKeys': 'false', 'dynamodb:Attributes': 'false' },
  };
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable of IAM
const OWN_ROWS = 'SRV#${aws:userid}#*';
const LIST = [
  { Sid: 'ListServers', Action: 'dynamodb:Query' },
  { Sid: 'ReadServers', Action: ['dynamodb:BatchGetItem', 'dynamodb:GetItem'], Condition: keysAlone('SRV#*') },
];
const ASSIGN = [
  {
    Sid: 'TakeSeats',
    Action: 'dynamodb:UpdateItem',
    Condition: keysAndAttributes('SRV#*', 'pk', 'free', 'issued', 'last', 'state', 'beat'),
  },
  {
    Sid: 'ReadRegistry',
    Action: 'dynamodb:GetItem',
    Condition: keysAlone('SRV#*', 'ROSTER#*', 'KEYS#*', 'PROBERS#*'),
  },
  {
    Sid: 'SuspectServers',
    Action: 'dynamodb:UpdateItem',
    Condition: keysAndAttributes('SRV#*', 'pk', 'suspect', 'gen'),
  },
  {
    Sid: 'KeepReports',
    Action: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
    Condition: keysAlone('REPORT#*'),
  },
];
const DRAIN = {
  Sid: 'DrainServers',
  Action: 'dynamodb:UpdateItem',
  Condition: keysAndAttributes('SRV#*', 'pk', 'drain', 'gen'),
};

describe('the registry', () => {
  it('is one on-demand table with a sparse index of keys, a stream, expiry and recovery, and outlives its stack', () => {
    const template = Template.fromStack(aRegistry().stack);
    template.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        DeletionProtectionEnabled: true,
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'kind', AttributeType: 'S' },
        ],
        GlobalSecondaryIndexes: [
          {
            IndexName: 'servers',
            KeySchema: [
              { AttributeName: 'kind', KeyType: 'HASH' },
              { AttributeName: 'pk', KeyType: 'RANGE' },
            ],
            Projection: { ProjectionType: 'KEYS_ONLY' },
          },
        ],
        StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
        TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      },
    });
    template.resourceCountIs('AWS::DynamoDB::Table', 1);
  });

  it('goes with its stack when it is told to', () => {
    const template = Template.fromStack(aRegistry({ removalPolicy: RemovalPolicy.DESTROY }).stack);
    template.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Delete',
      Properties: { DeletionProtectionEnabled: false },
    });
  });
});

describe('a grant gives exactly what its program needs:', () => {
  it('the agent writes the load of its own rows and reads them, the roster and the public keys', () => {
    expect(granted((registry, role) => registry.grantAgent(role))).toEqual([
      {
        Sid: 'WriteOwnRows',
        Action: 'dynamodb:UpdateItem',
        Condition: keysAndAttributes(
          OWN_ROWS,
          ...['pk', 'free', 'issued', 'beat', 'gen', 'last', 'capacity', 'state', 'hb', 'sessions', 'kind'],
          ...['v', 'version', 'sees'],
        ),
      },
      { Sid: 'ReadOwnRows', Action: 'dynamodb:GetItem', Condition: keysAlone(OWN_ROWS) },
      { Sid: 'ReadRosterAndKeys', Action: 'dynamodb:GetItem', Condition: keysAlone('ROSTER#*', 'KEYS#*') },
      { Sid: 'ReadWantedVersion', Action: 'dynamodb:GetItem', Condition: keysAlone('VERSION#*') },
    ]);
  });

  it('the assign function takes seats, keeps reports and marks servers that are reported', () => {
    expect(granted((registry, role) => registry.grantAssign(role))).toEqual(ASSIGN);
    expect(granted((registry, role) => registry.grantAnswers(role))).toEqual([
      { Sid: 'KeepAnswers', Action: ['dynamodb:GetItem', 'dynamodb:PutItem'], Condition: keysAlone('IDEM#*') },
    ]);
  });

  it('the gateway does the same, meets the other gateways, and asks agents to drain', () => {
    expect(granted((registry, role) => registry.grantGateway(role))).toEqual([
      ...ASSIGN,
      { Sid: 'MeetProbers', Action: 'dynamodb:UpdateItem', Condition: keysAlone('PROBERS#*') },
      DRAIN,
      { Sid: 'ReadWantedVersion', Action: 'dynamodb:GetItem', Condition: keysAlone('VERSION#*') },
    ]);
  });

  it('the operator reads everything and asks agents to drain, and writes nothing else', () => {
    expect(granted((registry, role) => registry.grantOperator(role))).toEqual([
      ...LIST,
      { Sid: 'ReadRosterAndKeys', Action: 'dynamodb:GetItem', Condition: keysAlone('ROSTER#*', 'KEYS#*') },
      DRAIN,
    ]);
  });

  it('the registrar writes addresses and pools, nothing of the seats', () => {
    expect(granted((registry, role) => registry.grantRegistrar(role))).toEqual([
      ...LIST,
      {
        Sid: 'PlaceServers',
        Action: 'dynamodb:UpdateItem',
        Condition: keysAndAttributes(
          'SRV#*',
          ...['pk', 'gen', 'id', 'ipv4', 'ipv6', 'ports', 'zone', 'app', 'world', 'grp', 'labels', 'maxCapacity'],
          'verified',
        ),
      },
      {
        Sid: 'BuryServers',
        Action: 'dynamodb:UpdateItem',
        Condition: keysAndAttributes('SRV#*', 'pk', 'gen', 'state'),
      },
      {
        Sid: 'ForgetServers',
        Action: 'dynamodb:DeleteItem',
        Condition: keysAndAttributes('SRV#*', 'pk', 'state', 'beat'),
      },
    ]);
  });

  it('the roster function writes the roster', () => {
    expect(granted((registry, role) => registry.grantRoster(role))).toEqual([
      ...LIST,
      { Sid: 'WriteRoster', Action: ['dynamodb:GetItem', 'dynamodb:PutItem'], Condition: keysAlone('ROSTER#*') },
    ]);
  });

  it('the rotation publishes public keys', () => {
    expect(granted((registry, role) => registry.grantPublishKeys(role))).toEqual([
      { Sid: 'PublishKeys', Action: ['dynamodb:GetItem', 'dynamodb:PutItem'], Condition: keysAlone('KEYS#*') },
    ]);
  });

  it('a release writes which versions are wanted', () => {
    expect(granted((registry, role) => registry.grantWantedVersions(role))).toEqual([
      { Sid: 'WriteWantedVersions', Action: 'dynamodb:PutItem', Condition: keysAlone('VERSION#*') },
    ]);
  });

  it('names the table, or its index, as the only resource', () => {
    const { stack, registry } = aRegistry();
    const role = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
    registry.grantAgent(role);
    registry.grantRegistrar(role);
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Sid: 'WriteOwnRows', Resource: TABLE }),
          Match.objectLike({ Sid: 'ReadOwnRows', Resource: TABLE }),
          Match.objectLike({ Sid: 'ReadRosterAndKeys', Resource: TABLE }),
          Match.objectLike({ Sid: 'ListServers', Resource: { 'Fn::Join': ['', [TABLE, '/index/servers']] } }),
        ]),
      },
    });
  });
});
