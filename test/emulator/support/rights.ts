/** What IAM says to the credentials of a machine, as its own metadata service gives them. */
import { DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type Cloud, REGION } from './cloud.ts';
import { type Machine, machineEnv } from './machine.ts';

interface Credentials {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly Token: string;
}

async function credentialsOf(cloud: Cloud, machine: Machine): Promise<Credentials> {
  const base = `${machineEnv(cloud, machine)['AWS_EC2_METADATA_SERVICE_ENDPOINT']}/latest`;
  const token = await (await fetch(`${base}/api/token`, { method: 'PUT' })).text();
  const headers = { 'x-aws-ec2-metadata-token': token };
  const path = `${base}/meta-data/iam/security-credentials/`;
  const role = await (await fetch(path, { headers })).text();
  return (await (await fetch(`${path}${role}`, { headers })).json()) as Credentials;
}

/** True if allowed, false if IAM refused; anything else is thrown. */
async function allowed(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    const { name } = error as Error;
    if (name === 'ConditionalCheckFailedException') return true;
    if (/AccessDenied/.test(name)) return false;
    throw error;
  }
}

/** Tries what a rogue with an agent's credentials would try. */
export async function checkAgentRights(
  cloud: Cloud,
  rogue: Machine,
  victim: Machine,
  names: { readonly table: string; readonly secret: string },
): Promise<void> {
  const { AccessKeyId, SecretAccessKey, Token } = await credentialsOf(cloud, rogue);
  const credentials = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token };
  const options = { endpoint: cloud.endpoint, region: REGION, credentials, maxAttempts: 1 };
  const dynamo = new DynamoDBClient(options);
  const secrets = new SecretsManagerClient(options);
  const rowOf = ({ id, boot }: Machine): string => `SRV#${boot.variables['ROLE_ID']}:${id}#0`;
  const get = (pk: string) => dynamo.send(new GetItemCommand({ TableName: names.table, Key: { pk: { S: pk } } }));
  /** An update that its condition always refuses, if IAM lets it come so far. */
  const update = (pk: string, attribute: string) =>
    dynamo.send(
      new UpdateItemCommand({
        TableName: names.table,
        Key: { pk: { S: pk } },
        UpdateExpression: 'SET #a = :v',
        ConditionExpression: '#b = :never',
        ExpressionAttributeNames: { '#a': attribute, '#b': 'beat' },
        ExpressionAttributeValues: { ':v': { N: '1' }, ':never': { S: 'never' } },
      }),
    );
  const cases: readonly (readonly [what: string, may: boolean, call: () => Promise<unknown>])[] = [
    ['reads its own row', true, () => get(rowOf(rogue))],
    ['beats in its own row', true, () => update(rowOf(rogue), 'free')],
    ['reads the roster', true, () => get('ROSTER#INDEX')],
    ['reads the public keys', true, () => get('KEYS#tickets')],
    ['reads another machine’s row', false, () => get(rowOf(victim))],
    ['writes another machine’s row', false, () => update(rowOf(victim), 'free')],
    ['writes its own address', false, () => update(rowOf(rogue), 'ipv4')],
    ['raises its own limit', false, () => update(rowOf(rogue), 'maxCapacity')],
    ['writes the roster', false, () => update('ROSTER#INDEX', 'free')],
    ['writes the public keys', false, () => update('KEYS#tickets', 'free')],
    ['reads the signing key', false, () => secrets.send(new GetSecretValueCommand({ SecretId: names.secret }))],
  ];
  const wrong: string[] = [];
  for (const [what, may, call] of cases) {
    if ((await allowed(call())) !== may) wrong.push(`an agent ${what}: ${may ? 'refused' : 'allowed'}`);
  }
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
}
