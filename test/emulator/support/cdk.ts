import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packNode } from '../../../tools/pack-node.ts';
import type { Cloud } from './cloud.ts';
import { run } from './commands.ts';
import { type Lane, ROOT } from './lane.ts';

const COMMON = ['--no-notices', '--ci'] as const;
const ACCOUNT = '000000000000';

export interface Toolkit {
  readonly lane: Lane;
  readonly cloud: Cloud;
  /** Folder of the synthesized app. */
  readonly assembly: string;
}

/** Builds what is deployed and synthesizes the app, or the one that a command makes; gives the folder. */
export async function synth(lane: Lane, other?: { readonly folder: string; readonly app: string }): Promise<string> {
  const assembly = join(lane.workDir, other?.folder ?? 'cdk.out');
  const options = { env: { CDK_DISABLE_CLI_TELEMETRY: '1' }, logPath: join(lane.workDir, 'synth.log') };
  if (!other) {
    await run(['node', 'tools/build.ts'], options);
    // The default configuration has arm64 machines alone; were it to ask for others, the synthesis would say so.
    await packNode('arm64', { root: ROOT });
  }
  const app = other ? ['--app', other.app] : [];
  await run(['cdk', 'synth', '--quiet', '--output', assembly, ...app, ...COMMON], options);
  return assembly;
}

function cdk({ lane, cloud, assembly }: Toolkit, command: string, ...args: readonly string[]): Promise<string> {
  return run(['cdk', command, ...args, '--app', assembly, ...COMMON], {
    env: { ...cloud.env, CDK_DISABLE_CLI_TELEMETRY: '1', AWS_EC2_METADATA_DISABLED: 'true' },
    logPath: join(lane.workDir, `cdk-${command}.log`),
  });
}

export async function bootstrap(toolkit: Toolkit): Promise<void> {
  await cdk(toolkit, 'bootstrap', `aws://${ACCOUNT}/${toolkit.cloud.env['AWS_REGION']}`);
}

/** Deploys; gives the outputs of the stack, and what the command wrote. */
export async function deploy(
  toolkit: Toolkit,
  stack: string,
): Promise<{ readonly outputs: Readonly<Record<string, string>>; readonly text: string }> {
  const file = join(toolkit.lane.workDir, 'outputs.json');
  const text = await cdk(toolkit, 'deploy', stack, '--require-approval', 'never', '--outputs-file', file);
  const outputs = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, string>>;
  return { outputs: outputs[stack] ?? {}, text };
}

/** Rejects if what is deployed differs from the app. */
export async function diff(toolkit: Toolkit, stack: string): Promise<void> {
  await cdk(toolkit, 'diff', stack, '--fail');
}

export async function destroy(toolkit: Toolkit, stack: string): Promise<void> {
  await cdk(toolkit, 'destroy', stack, '--force');
}
