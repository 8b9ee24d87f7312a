import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { App, type AppProps, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { type IVpc, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { parseDeployConfig } from '../../../core/config/parse-deploy-config.ts';
import { OnedoorStack } from '../../../lib/onedoor-stack.ts';

const ROOT = join(import.meta.dirname, '../../..');
const CONTEXT = (JSON.parse(readFileSync(join(ROOT, 'cdk.json'), 'utf8')) as { context: object }).context;

const temporary = mkdtempSync(join(tmpdir(), 'onedoor-synth-'));
process.on('exit', () => rmSync(temporary, { recursive: true, force: true }));

const FIXTURES = [
  'assign/index.mjs',
  'registrar/index.mjs',
  'roster/index.mjs',
  'reaper/index.mjs',
  'rotate/index.mjs',
  'release/index.mjs',
  'agent/agent.mjs',
  'door/door.mjs',
  'game/game.mjs',
  'ffi/koffi-arm64.node',
  'ffi/koffi-x64.node',
  'node/node-arm64.gz',
  'node/node-x64.gz',
  'node/node-win-x64.gz',
];

/** A folder like dist/, so that tests of constructs need no build. */
export const bundles = join(temporary, 'dist');
for (const file of FIXTURES) {
  const path = join(bundles, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `// ${file}\n`);
}

/** A file beside the fixtures. */
export function aFile(name: string, text: string): string {
  const path = join(temporary, name);
  writeFileSync(path, text);
  return path;
}

/** An application as the CLI runs it: with the flags of cdk.json. */
export function anApp(props: AppProps = {}): App {
  const outdir = mkdtempSync(join(temporary, 'out-'));
  // CDK's own checks take a second to load: one test of the whole deployment asks for them.
  return new App({
    outdir,
    context: CONTEXT as Record<string, unknown>,
    builtinCloudFormationValidation: false,
    ...props,
  });
}

export function aStack(): Stack {
  return new Stack(anApp(), 'Test');
}

export function aVpc(stack: Stack): IVpc {
  return new Vpc(stack, 'Vpc', {
    maxAzs: 2,
    natGateways: 0,
    subnetConfiguration: [{ name: 'Public', subnetType: SubnetType.PUBLIC }],
  }) as IVpc;
}

/** The template of a whole deployment. */
export function deploymentTemplate(input: object = {}): Template {
  return Template.fromStack(new OnedoorStack(anApp(), 'onedoor', { config: parseDeployConfig(input), bundles }));
}

/** The message of what `make` throws. */
export function messageOf(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
}

interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template is untyped JSON
  readonly Properties: any;
}

/** The resources of one type by their logical ids. */
export function resourcesOf(template: Template, type: string): Readonly<Record<string, Resource>> {
  return template.findResources(type) as Record<string, Resource>;
}

export interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

/** All policy statements in a template, each with the logical ids of the roles that have it. */
export function statementsOf(template: Template): readonly (Statement & { readonly roles: readonly string[] })[] {
  const policies = Object.values(resourcesOf(template, 'AWS::IAM::Policy'));
  return policies.flatMap(({ Properties }) =>
    (Properties.PolicyDocument.Statement as Statement[]).map((statement) => ({
      ...statement,
      roles: (Properties.Roles as { Ref: string }[]).map(({ Ref }) => Ref),
    })),
  );
}

/** Text of a template value with its references written as `${Name}`, to read a script in. */
export function rendered(value: unknown): string {
  if (typeof value === 'string') return value;
  const object = value as Record<string, unknown>;
  const [kind] = Object.keys(object);
  switch (kind) {
    case 'Fn::Join': {
      const [separator, parts] = object[kind] as [string, unknown[]];
      return parts.map(rendered).join(separator);
    }
    case 'Fn::Base64':
      return rendered(object[kind]);
    case 'Fn::Sub':
      return object[kind] as string;
    case 'Fn::GetAtt':
      return `\${${(object[kind] as string[]).join('.')}}`;
    default:
      return `\${${String(object['Ref'])}}`;
  }
}
