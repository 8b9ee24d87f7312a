import { Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { describe, expect, it } from 'vitest';
import {
  burialUpdate,
  type Conditional,
  commandUpdate,
  forgetCondition,
  placementUpdate,
  suspicionUpdate,
} from '../../adapters/dynamodb/row-update.ts';
import type { RowCommand } from '../../core/registry/commands.ts';
import type { Placement } from '../../core/registry/row.ts';
import { ServerRegistry } from '../../lib/server-registry.ts';
import { type AccessRequest, isAllowed, type PolicyStatement } from './support/iam-evaluator.ts';
import { aStack, rendered, statementsOf } from './support/synth.ts';

const TABLE = 'arn:aws:dynamodb:eu-west-1:123456789012:table/registry';
const INDEX = `${TABLE}/index/servers`;
const ME = 'AROAEXAMPLE:i-0a1b2c3d4e5f67890';
const OWN_ROW = `SRV#${ME}#0`;
const OTHER_ROW = 'SRV#AROAEXAMPLE:i-0ffffffffffffffff#0';

/** The statements that a grant gives, with the registry's table at a known address. */
function granted(grant: (registry: ServerRegistry, role: Role) => void): readonly PolicyStatement[] {
  const stack = aStack();
  const registry = new ServerRegistry(stack, 'Registry');
  grant(registry, new Role(stack, 'Role', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') }));
  return statementsOf(Template.fromStack(stack)).map(
    (statement) =>
      ({
        ...statement,
        Resource: rendered(statement.Resource).replace(/\$\{Registry\w+\.Arn\}/, TABLE),
      }) as PolicyStatement,
  );
}

const AGENT = granted((registry, role) => registry.grantAgent(role));
const ASSIGN = granted((registry, role) => registry.grantAssign(role));
const GATEWAY = granted((registry, role) => registry.grantGateway(role));
const REGISTRAR = granted((registry, role) => registry.grantRegistrar(role));
const ROSTER = granted((registry, role) => registry.grantRoster(role));
const KEYS = granted((registry, role) => registry.grantPublishKeys(role));

/** A request of the machine ME as DynamoDB shows it to IAM: the leading keys, and the attributes that it names. */
function aRequest(action: string, keys: readonly string[], attributes?: readonly string[]): AccessRequest {
  return {
    action: `dynamodb:${action}`,
    resource: TABLE,
    context: {
      'aws:userid': ME,
      'dynamodb:LeadingKeys': keys,
      ...(attributes && { 'dynamodb:Attributes': attributes }),
    },
  };
}

/** The attributes that a conditional write names: its key's and those of both its expressions. */
function write(action: string, key: string, { ExpressionAttributeNames }: Conditional): AccessRequest {
  return aRequest(action, [key], ['pk', ...Object.values(ExpressionAttributeNames)]);
}

describe('a rogue machine with the agent’s rights', () => {
  it.each<[string, AccessRequest]>([
    ['reads its own row', aRequest('GetItem', [OWN_ROW])],
    ['reads the row of its tenth slot', aRequest('GetItem', [`SRV#${ME}#10`])],
    ['writes the load of its own row', aRequest('UpdateItem', [OWN_ROW], ['pk', 'free', 'beat', 'hb', 'sessions'])],
    ['reads the roster', aRequest('GetItem', ['ROSTER#D0'])],
    ['reads the public keys', aRequest('GetItem', ['KEYS#tickets'])],
  ])('%s', (_what, request) => {
    expect(isAllowed(AGENT, request)).toBe(true);
  });

  it.each<[string, AccessRequest]>([
    ['another machine’s row', aRequest('GetItem', [OTHER_ROW])],
    ['a row whose machine’s id begins like its own', aRequest('GetItem', [`SRV#${ME}0#0`])],
    ['its own row and another one at once', aRequest('BatchGetItem', [OWN_ROW, OTHER_ROW])],
    ['an idempotency item', aRequest('GetItem', ['IDEM#1'])],
    ['any item by a request without a key', { ...aRequest('GetItem', []), context: { 'aws:userid': ME } }],
  ])('cannot read %s', (_what, request) => {
    expect(isAllowed(AGENT, request)).toBe(false);
  });

  it.each<[string, AccessRequest]>([
    ['another machine’s load', aRequest('UpdateItem', [OTHER_ROW], ['pk', 'free'])],
    ['its own address', aRequest('UpdateItem', [OWN_ROW], ['pk', 'ipv4'])],
    ['its own address beside its load', aRequest('UpdateItem', [OWN_ROW], ['pk', 'free', 'ipv6'])],
    ['its own maxCapacity', aRequest('UpdateItem', [OWN_ROW], ['pk', 'maxCapacity'])],
    ['its own verification', aRequest('UpdateItem', [OWN_ROW], ['pk', 'verified'])],
    ['its own pool', aRequest('UpdateItem', [OWN_ROW], ['pk', 'app'])],
    ['that nobody suspects it', aRequest('UpdateItem', [OWN_ROW], ['pk', 'suspect'])],
    ['that it suspects another', aRequest('UpdateItem', [OTHER_ROW], ['pk', 'suspect'])],
    ['what another sees', aRequest('UpdateItem', [OTHER_ROW], ['pk', 'sees'])],
    ['its own row as a whole', aRequest('PutItem', [OWN_ROW], ['pk', 'free'])],
    ['the roster', aRequest('UpdateItem', ['ROSTER#D0'], ['pk', 'free'])],
    ['the public keys', aRequest('PutItem', ['KEYS#tickets'], ['pk', 'keys'])],
    ['an update whose attributes are not shown', aRequest('UpdateItem', [OWN_ROW])],
  ])('cannot write %s', (_what, request) => {
    expect(isAllowed(AGENT, request)).toBe(false);
  });

  it.each<[string, AccessRequest]>([
    ['deletes its own row', aRequest('DeleteItem', [OWN_ROW])],
    ['scans the table', { ...aRequest('Scan', []), context: { 'aws:userid': ME } }],
    ['lists the servers by the index', { ...aRequest('Query', ['srv']), resource: INDEX }],
    ['reads another table', { ...aRequest('GetItem', [OWN_ROW]), resource: `${TABLE}-2` }],
  ])('never %s', (_what, request) => {
    expect(isAllowed(AGENT, request)).toBe(false);
  });

  it('is stopped by the Null guard where a request shows no key: without the guard it would get through', () => {
    const keyless = { ...aRequest('GetItem', []), context: { 'aws:userid': ME } };
    const unguarded = AGENT.map((statement) => {
      const { Null: _guard, ...rest } = statement.Condition!;
      return { ...statement, Condition: rest };
    });
    expect(isAllowed(unguarded, keyless)).toBe(true);
    expect(isAllowed(AGENT, keyless)).toBe(false);
  });
});

const GEN = '00000000000000a1';
const COMMANDS: Readonly<Record<RowCommand['kind'], RowCommand>> = {
  take: { kind: 'take', k: 1, token: 't', beatAfter: 3 },
  beat: { kind: 'beat', gen: GEN, beat: 1, addFree: -1, hb: 1, sessions: 1, capacity: 1, state: 'ready' },
  claim: { kind: 'claim', seen: GEN, gen: GEN },
  create: { kind: 'create', gen: GEN, nowMs: 1 },
};
const PLACEMENT: Placement = {
  ...{ id: 'i-0.0', ipv4: '203.0.113.7', ports: { game: 1 }, zone: 'z', app: 'a', world: 'w', group: 'g' },
  ...{ labels: { mode: 'duel' }, maxCapacity: 1 },
};

/** The writes that the programs really make, by their name. */
const WRITES: Readonly<Record<string, AccessRequest>> = {
  take: write('UpdateItem', OTHER_ROW, commandUpdate(COMMANDS.take)),
  ...Object.fromEntries(
    Object.values(COMMANDS).map((command) => [
      `own ${command.kind}`,
      write('UpdateItem', OWN_ROW, commandUpdate(command)),
    ]),
  ),
  'own sight': write('UpdateItem', OWN_ROW, commandUpdate({ ...COMMANDS.beat, sees: ['i-a.0'] } as RowCommand)),
  'another’s sight': write('UpdateItem', OTHER_ROW, commandUpdate({ ...COMMANDS.beat, sees: ['i-a.0'] } as RowCommand)),
  place: write('UpdateItem', OTHER_ROW, placementUpdate(PLACEMENT, false)),
  enrol: write('UpdateItem', OTHER_ROW, placementUpdate(PLACEMENT, true)),
  bury: write('UpdateItem', OTHER_ROW, burialUpdate()),
  forget: write('DeleteItem', OTHER_ROW, forgetCondition(1)),
  suspect: write('UpdateItem', OTHER_ROW, suspicionUpdate(true)),
  roster: aRequest('PutItem', ['ROSTER#D0'], ['pk', 'version', 'body']),
  keys: aRequest('PutItem', ['KEYS#tickets'], ['pk', 'keys']),
  'ticket report': aRequest('PutItem', ['REPORT#T#i-a.0:gen:1'], ['pk', 'ttl']),
  'server report': aRequest('UpdateItem', ['REPORT#S#i-a.0#1'], ['pk', 'holders', 'ttl']),
  meet: aRequest('UpdateItem', ['PROBERS#1'], ['pk', 'p-aa']),
};

describe('the writes that the store makes', () => {
  it.each<[string, readonly PolicyStatement[], readonly string[]]>([
    ['an agent', AGENT, ['own take', 'own beat', 'own claim', 'own create', 'own sight']],
    ['the assign function', ASSIGN, ['take', 'own take', 'suspect', 'ticket report', 'server report']],
    ['a gateway', GATEWAY, ['take', 'own take', 'suspect', 'ticket report', 'server report', 'meet']],
    ['the registrar and the reaper', REGISTRAR, ['place', 'bury', 'forget']],
    ['the roster function', ROSTER, ['roster']],
    ['the rotation', KEYS, ['keys']],
  ])('are allowed to %s exactly where it needs them', (_who, statements, expected) => {
    const allowed = Object.entries(WRITES).filter(([, request]) => isAllowed(statements, request));
    expect(allowed.map(([name]) => name).sort()).toEqual([...expected].sort());
  });
});

describe('the reads that the store makes', () => {
  const list = [{ ...aRequest('Query', ['srv']), resource: INDEX }, aRequest('BatchGetItem', [OWN_ROW, OTHER_ROW])];
  it.each<[string, readonly PolicyStatement[], readonly AccessRequest[]]>([
    [
      'an agent',
      AGENT,
      [aRequest('GetItem', [OWN_ROW]), aRequest('GetItem', ['ROSTER#INDEX']), aRequest('GetItem', ['KEYS#tickets'])],
    ],
    [
      'the assign function',
      ASSIGN,
      [aRequest('GetItem', [OTHER_ROW]), aRequest('GetItem', ['ROSTER#INDEX']), aRequest('GetItem', ['KEYS#tickets'])],
    ],
    ['a gateway', GATEWAY, [aRequest('GetItem', [OTHER_ROW]), aRequest('GetItem', ['ROSTER#INDEX'])]],
    ['the registrar and the reaper', REGISTRAR, [...list, aRequest('GetItem', [OTHER_ROW])]],
    ['the roster function', ROSTER, [...list, aRequest('GetItem', ['ROSTER#INDEX'])]],
  ])('are allowed to %s', (_who, statements, requests) => {
    for (const request of requests) expect(isAllowed(statements, request)).toBe(true);
  });
});
