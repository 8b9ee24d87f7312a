import { PolicyStatement } from 'aws-cdk-lib/aws-iam';

/** The keys of the registry's items, by the first part of `pk` (docs/SEATS.md). */
export const SERVER_ROWS = 'SRV#*';
export const ROSTER_ITEMS = 'ROSTER#*';
export const KEY_ITEMS = 'KEYS#*';
export const VERSION_ITEMS = 'VERSION#*';
/** Which gateways probe, and what clients report. */
export const PROBER_ITEMS = 'PROBERS#*';
export const REPORT_ITEMS = 'REPORT#*';
/** Answers that may be asked for again. */
export const ANSWER_ITEMS = 'IDEM#*';
/** The rows of the machine whose credentials sign the request: `<role id>:<instance id>`. */
export const OWN_ROWS = 'SRV#$' + '{aws:userid}#*';

/** The attributes of the seat protocol that an agent's role may write: no address, no pool, no `maxCapacity`. */
export const AGENT_ATTRIBUTES = [
  'pk',
  'free',
  'issued',
  'beat',
  'gen',
  'last',
  'capacity',
  'state',
  'hb',
  'sessions',
  'kind',
  'v',
  'version',
  'sees',
] as const;

/** What a take of seats names, in its update and in its condition. */
export const TAKE_ATTRIBUTES = ['pk', 'free', 'issued', 'last', 'state', 'beat'] as const;

/** What a mark of suspicion names. */
export const SUSPICION_ATTRIBUTES = ['suspect', 'gen'] as const;

/** What the operator's wish that a server drains names. */
export const DRAIN_ATTRIBUTES = ['drain', 'gen'] as const;

/** What the registrar finds out, and its condition that an agent made the row. */
export const PLACEMENT_ATTRIBUTES = [
  'pk',
  'gen',
  'id',
  'ipv4',
  'ipv6',
  'ports',
  'zone',
  'app',
  'world',
  'grp',
  'labels',
  'maxCapacity',
  'verified',
] as const;

/** What a tombstone names. */
export const BURIAL_ATTRIBUTES = ['pk', 'gen', 'state'] as const;

/** What the deletion of an old tombstone names. */
export const DELETION_ATTRIBUTES = ['pk', 'state', 'beat'] as const;

interface ItemAccess {
  readonly sid: string;
  /** Names of actions without `dynamodb:`. */
  readonly actions: readonly string[];
  readonly tableArn: string;
  /** Patterns of `pk`. */
  readonly keys: readonly string[];
  /** The only attributes that a request may name. @default - any */
  readonly attributes?: readonly string[];
}

/**
 * Access to items by their keys. `ForAllValues` also holds when a request has no such context key at all (AWS IAM User
 * Guide, "Multivalued context keys"), so each comes with a `Null` guard that demands the key.
 */
export function itemStatement({ sid, actions, tableArn, keys, attributes }: ItemAccess): PolicyStatement {
  return new PolicyStatement({
    sid,
    actions: actions.map((action) => `dynamodb:${action}`),
    resources: [tableArn],
    conditions: {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': keys },
      ...(attributes && { 'ForAllValues:StringEquals': { 'dynamodb:Attributes': attributes } }),
      Null: { 'dynamodb:LeadingKeys': 'false', ...(attributes && { 'dynamodb:Attributes': 'false' }) },
    },
  });
}

/** Listing the server rows: their keys from the index, the rows themselves by key. */
export function listStatements(tableArn: string, indexName: string): readonly PolicyStatement[] {
  return [
    new PolicyStatement({
      sid: 'ListServers',
      actions: ['dynamodb:Query'],
      resources: [`${tableArn}/index/${indexName}`],
    }),
    itemStatement({ sid: 'ReadServers', actions: ['GetItem', 'BatchGetItem'], tableArn, keys: [SERVER_ROWS] }),
  ];
}
