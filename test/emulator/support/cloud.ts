import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EC2Client } from '@aws-sdk/client-ec2';
import { createDynamoClient, type DynamoClient } from '../../../adapters/dynamodb/client.ts';
import type { Env } from './commands.ts';

export const REGION = 'us-east-1';
/** The emulators take these for the account itself. */
const OPERATOR = { accessKeyId: 'test', secretAccessKey: 'test' };

/** An emulated account, and what asks it. */
export interface Cloud {
  readonly endpoint: string;
  /** For programs that act for the operator. */
  readonly env: Env;
  readonly ec2: EC2Client;
  readonly autoScaling: AutoScalingClient;
  readonly dynamo: DynamoDBClient;
  /** For registry stores. */
  readonly registryClient: DynamoClient;
  /** A call in the query protocol; the answer's XML. */
  query(service: keyof typeof VERSIONS, action: string, fields?: Readonly<Record<string, string>>): Promise<string>;
  /** A call in the JSON protocol. */
  json(service: keyof typeof TARGETS, action: string, body?: object): Promise<Record<string, unknown>>;
  /** Any other request; the answer's bytes. */
  request(service: string, method: string, path: string, body?: string): Promise<Buffer>;
}

const VERSIONS = {
  cloudformation: '2010-05-15',
  elasticloadbalancing: '2015-12-01',
  ec2: '2016-11-15',
  iam: '2010-05-08',
  autoscaling: '2011-01-01',
} as const;

const TARGETS = {
  logs: 'Logs_20140328',
  events: 'AWSEvents',
  secretsmanager: 'secretsmanager',
  sqs: 'AmazonSQS',
  dynamodb: 'DynamoDB_20120810',
} as const;

export function emulatedCloud(endpoint: string): Cloud {
  const common = { endpoint, region: REGION, credentials: OPERATOR, maxAttempts: 1 };
  async function request(
    service: string,
    method: string,
    path: string,
    body?: string,
    headers: Record<string, string> = {},
  ): Promise<Buffer> {
    // The emulators look at the service and the key, and not at the signature.
    const scope = `${OPERATOR.accessKeyId}/20260101/${REGION}/${service}/aws4_request`;
    const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=${'0'.repeat(64)}`;
    const response = await fetch(`${endpoint}${path}`, {
      method,
      headers: { authorization, ...headers },
      ...(body !== undefined && { body }),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    if (!response.ok) throw new Error(`${service} ${method} ${path}: ${response.status} ${bytes.subarray(0, 500)}`);
    return bytes;
  }
  return {
    endpoint,
    env: {
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: OPERATOR.accessKeyId,
      AWS_SECRET_ACCESS_KEY: OPERATOR.secretAccessKey,
      AWS_ENDPOINT_URL: endpoint,
    },
    ec2: new EC2Client(common),
    autoScaling: new AutoScalingClient(common),
    dynamo: new DynamoDBClient(common),
    registryClient: createDynamoClient({ endpoint, region: REGION, credentials: OPERATOR }),
    async query(service, action, fields = {}) {
      const body = new URLSearchParams({ Action: action, Version: VERSIONS[service], ...fields }).toString();
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      return (await request(service, 'POST', '/', body, headers)).toString();
    },
    async json(service, action, body = {}) {
      const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `${TARGETS[service]}.${action}` };
      const bytes = await request(service, 'POST', '/', JSON.stringify(body), headers);
      return JSON.parse(bytes.toString()) as Record<string, unknown>;
    },
    request: (service, method, path, body) => request(service, method, path, body),
  };
}

/** All texts of the elements with this name. */
export function texts(xml: string, element: string): string[] {
  return [...xml.matchAll(new RegExp(`<${element}>([^<]*)</${element}>`, 'g'))].map(([, text]) => text ?? '');
}

/** Everything in the account that a deployment could leave behind, each as `kind name`, sorted. */
export async function inventory(cloud: Cloud): Promise<string[]> {
  const { query, json } = cloud;
  const lists: Readonly<Record<string, Promise<readonly string[]>>> = {
    machine: query('ec2', 'DescribeInstances', {
      'Filter.1.Name': 'instance-state-name',
      'Filter.1.Value.1': 'running',
    }) //
      .then((xml) => texts(xml, 'instanceId')),
    network: query('ec2', 'DescribeVpcs').then((xml) => texts(xml, 'vpcId')),
    subnet: query('ec2', 'DescribeSubnets').then((xml) => texts(xml, 'subnetId')),
    address: query('ec2', 'DescribeAddresses').then((xml) => texts(xml, 'publicIp')),
    'security group': query('ec2', 'DescribeSecurityGroups').then((xml) => texts(xml, 'groupName')),
    'launch template': query('ec2', 'DescribeLaunchTemplates').then((xml) => texts(xml, 'launchTemplateId')),
    'scaling group': query('autoscaling', 'DescribeAutoScalingGroups').then((xml) =>
      texts(xml, 'AutoScalingGroupName'),
    ),
    balancer: query('elasticloadbalancing', 'DescribeLoadBalancers').then((xml) => texts(xml, 'LoadBalancerArn')),
    'target group': query('elasticloadbalancing', 'DescribeTargetGroups').then((xml) => texts(xml, 'TargetGroupArn')),
    role: query('iam', 'ListRoles').then((xml) => texts(xml, 'RoleName')),
    profile: query('iam', 'ListInstanceProfiles').then((xml) => texts(xml, 'InstanceProfileName')),
    function: cloud
      .request('lambda', 'GET', '/2015-03-31/functions/')
      .then((bytes) => names(JSON.parse(bytes.toString()), 'Functions', 'FunctionName')),
    mapping: cloud
      .request('lambda', 'GET', '/2015-03-31/event-source-mappings/')
      .then((bytes) => names(JSON.parse(bytes.toString()), 'EventSourceMappings', 'UUID')),
    'log group': json('logs', 'DescribeLogGroups').then((reply) => names(reply, 'logGroups', 'logGroupName')),
    rule: json('events', 'ListRules').then((reply) => names(reply, 'Rules', 'Name')),
    secret: json('secretsmanager', 'ListSecrets').then((reply) => names(reply, 'SecretList', 'Name')),
    queue: json('sqs', 'ListQueues').then((reply) => (reply['QueueUrls'] ?? []) as string[]),
    table: json('dynamodb', 'ListTables').then((reply) => reply['TableNames'] as string[]),
  };
  const all = await Promise.all(
    Object.entries(lists).map(async ([kind, list]) => (await list).map((name) => `${kind} ${name}`)),
  );
  return [...new Set(all.flat())].sort();
}

/** What the functions logged: for people, when a lane failed. */
export async function functionLogs({ json }: Cloud): Promise<string> {
  const groups = names(await json('logs', 'DescribeLogGroups'), 'logGroups', 'logGroupName');
  const logs = groups.map(async (logGroupName) => {
    const { events } = await json('logs', 'FilterLogEvents', { logGroupName });
    const lines = (events as { message: string }[]).map(({ message }) => message.trim());
    return `${logGroupName}\n${lines.join('\n')}\n`;
  });
  return (await Promise.all(logs)).join('\n');
}

function names(reply: Record<string, unknown>, list: string, field: string): string[] {
  return ((reply[list] ?? []) as Record<string, string>[]).map((item) => item[field] ?? '');
}

export interface Template {
  readonly Resources: Readonly<Record<string, { readonly Type: string }>>;
}

export function readTemplate(assembly: string, stack: string): Template {
  return JSON.parse(readFileSync(join(assembly, `${stack}.template.json`), 'utf8')) as Template;
}

export interface DeployedResource {
  readonly logicalId: string;
  readonly type: string;
  readonly physicalId: string;
  readonly status: string;
}

async function deployedResources(cloud: Cloud, stack: string): Promise<DeployedResource[]> {
  const xml = await cloud.query('cloudformation', 'DescribeStackResources', { StackName: stack });
  return [...xml.matchAll(/<member>(.*?)<\/member>/gs)].map(([, member = '']) => ({
    logicalId: texts(member, 'LogicalResourceId')[0] ?? '',
    type: texts(member, 'ResourceType')[0] ?? '',
    physicalId: texts(member, 'PhysicalResourceId')[0] ?? '',
    status: texts(member, 'ResourceStatus')[0] ?? '',
  }));
}

/** The only resource of this type whose logical id fits. */
export function physicalId(resources: readonly DeployedResource[], type: string, logicalId: RegExp): string {
  const found = resources.filter((resource) => resource.type === type && logicalId.test(resource.logicalId));
  if (found.length !== 1) throw new Error(`${found.length} resources of type ${type} are named ${logicalId}`);
  return found[0]?.physicalId ?? '';
}

/** Ids that an emulator gives to what it only pretends to have. */
const PLACEHOLDER = /^$|^unknown\b|-noop-/i;

/**
 * Holds the stack against its template: each resource must be there, complete, and no placeholder beyond `placeholders`
 * (types of resources); a type of that list that is a real thing by now is wrong too. Gives the resources.
 */
export async function checkArrivals(
  cloud: Cloud,
  stack: string,
  template: Template,
  placeholders: readonly string[],
): Promise<DeployedResource[]> {
  const deployed = await deployedResources(cloud, stack);
  const byId = new Map(deployed.map((resource) => [resource.logicalId, resource]));
  const wrong = Object.entries(template.Resources).flatMap(([id, { Type: type }]) => {
    const resource = byId.get(id);
    if (resource?.status !== 'CREATE_COMPLETE') return [`${type} ${id}: ${resource?.status ?? 'missing'}`];
    const isPlaceholder = PLACEHOLDER.test(resource.physicalId);
    if (isPlaceholder === placeholders.includes(type)) return [];
    return [
      `${type} ${id}: ${isPlaceholder ? 'a placeholder' : `no placeholder any more, but ${resource.physicalId}`}`,
    ];
  });
  if (wrong.length > 0) throw new Error(`not as the template says:\n${wrong.join('\n')}`);
  return deployed;
}
