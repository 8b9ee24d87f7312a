import { describe, expect, it } from 'vitest';
import { isAllowed, type PolicyStatement } from './support/iam-evaluator.ts';

const ARN = 'arn:aws:dynamodb:eu-west-1:123456789012:table/registry';
type Condition = PolicyStatement['Condition'];
type Context = Readonly<Record<string, string | readonly string[]>>;

function allows(condition: Condition, context: Context): boolean {
  const statement = {
    Effect: 'Allow',
    Action: 'dynamodb:GetItem',
    Resource: ARN,
    ...(condition && { Condition: condition }),
  };
  return isAllowed([statement], { action: 'dynamodb:GetItem', resource: ARN, context });
}

const KEYS = 'dynamodb:LeadingKeys';
const own = (operator: string, ...values: string[]): Condition => ({ [operator]: { [KEYS]: values } });
// biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable of IAM
const USER_ROWS = 'SRV#${aws:userid}#*';
const ME = { 'aws:userid': 'AROA1:i-0a' };

/** What AWS's documentation says of these operators, case by case. */
describe.each<[string, Condition, Context, boolean]>([
  [
    'ForAllValues: every value of the request matches one of the policy',
    own('ForAllValues:StringEquals', 'a', 'b'),
    { [KEYS]: ['a', 'b'] },
    true,
  ],
  [
    'ForAllValues: one value of the request matches none',
    own('ForAllValues:StringEquals', 'a', 'b'),
    { [KEYS]: ['a', 'c'] },
    false,
  ],
  ['ForAllValues: the request has no such key', own('ForAllValues:StringEquals', 'a'), {}, true],
  ['ForAllValues: the key of the request is empty', own('ForAllValues:StringEquals', 'a'), { [KEYS]: [] }, true],
  [
    'ForAllValues with Null false: the request has no such key',
    { ...own('ForAllValues:StringEquals', 'a'), Null: { [KEYS]: 'false' } },
    {},
    false,
  ],
  [
    'ForAllValues with Null false: the key of the request is empty',
    { ...own('ForAllValues:StringEquals', 'a'), Null: { [KEYS]: 'false' } },
    { [KEYS]: [] },
    false,
  ],
  [
    'ForAllValues with Null false: the request has the key and it matches',
    { ...own('ForAllValues:StringEquals', 'a'), Null: { [KEYS]: 'false' } },
    { [KEYS]: ['a'] },
    true,
  ],
  ['Null true: the request has no such key', { Null: { [KEYS]: 'true' } }, {}, true],
  ['Null true: the request has the key', { Null: { [KEYS]: 'true' } }, { [KEYS]: ['a'] }, false],
  ['ForAnyValue: one value matches', own('ForAnyValue:StringEquals', 'a'), { [KEYS]: ['a', 'c'] }, true],
  ['ForAnyValue: the request has no such key', own('ForAnyValue:StringEquals', 'a'), {}, false],
  ['StringEquals: the request has no such key', own('StringEquals', 'a'), {}, false],
  ['StringEqualsIfExists: the request has no such key', own('StringEqualsIfExists', 'a'), {}, true],
  ['StringEquals: a star is a star', own('ForAllValues:StringEquals', 'SRV#*'), { [KEYS]: ['SRV#1'] }, false],
  ['StringLike: a star is any text', own('ForAllValues:StringLike', 'SRV#*'), { [KEYS]: ['SRV#1', 'SRV#'] }, true],
  [
    'StringLike: a question mark is one character',
    own('ForAllValues:StringLike', 'SRV#?'),
    { [KEYS]: ['SRV#12'] },
    false,
  ],
  ['StringLike: the case counts', own('ForAllValues:StringLike', 'SRV#*'), { [KEYS]: ['srv#1'] }, false],
  [
    'LeadingKeys: the variable stands for who asks',
    own('ForAllValues:StringLike', USER_ROWS),
    { ...ME, [KEYS]: ['SRV#AROA1:i-0a#0'] },
    true,
  ],
  [
    'LeadingKeys: another one’s items',
    own('ForAllValues:StringLike', USER_ROWS),
    { ...ME, [KEYS]: ['SRV#AROA1:i-0b#0'] },
    false,
  ],
  [
    'LeadingKeys: own items and another one’s in one batch',
    own('ForAllValues:StringLike', USER_ROWS),
    { ...ME, [KEYS]: ['SRV#AROA1:i-0a#0', 'SRV#AROA1:i-0b#0'] },
    false,
  ],
  [
    'a variable that the request cannot resolve',
    own('ForAllValues:StringLike', USER_ROWS),
    { [KEYS]: ['SRV##0'] },
    false,
  ],
  [
    'two operators: both must hold',
    { ...own('ForAllValues:StringLike', 'SRV#*'), StringEquals: { 'dynamodb:Select': 'COUNT' } },
    { [KEYS]: ['SRV#1'] },
    false,
  ],
  [
    'two keys of one operator: both must hold',
    { 'ForAllValues:StringEquals': { [KEYS]: ['a'], 'dynamodb:Attributes': ['pk'] } },
    { [KEYS]: ['a'], 'dynamodb:Attributes': ['pk', 'ipv4'] },
    false,
  ],
])('%s', (_what, condition, context, expected) => {
  it(expected ? 'matches' : 'does not match', () => {
    expect(allows(condition, context)).toBe(expected);
  });
});

describe('statements together', () => {
  const request = { action: 'dynamodb:GetItem', resource: ARN, context: {} };
  const allow = { Effect: 'Allow', Action: ['dynamodb:GetItem'], Resource: [ARN] };

  it('deny what none allows', () => {
    expect(isAllowed([], request)).toBe(false);
    expect(isAllowed([allow], { ...request, action: 'dynamodb:PutItem' })).toBe(false);
    expect(isAllowed([allow], { ...request, resource: `${ARN}/index/servers` })).toBe(false);
  });

  it('deny what one denies, whatever another allows', () => {
    expect(isAllowed([allow, { Effect: 'Deny', Action: 'dynamodb:*', Resource: '*' }], request)).toBe(false);
  });
});
