import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';

/** The outputs of a deployed stack by their keys, or why there are none to read: one sentence for people. */
export type StackOutputs =
  | { readonly ok: true; readonly outputs: Readonly<Record<string, string>>; readonly status: string }
  | { readonly ok: false; readonly problem: string };

/** Asks CloudFormation with what the SDK finds: environment, profile, role. Never throws. */
export async function readStackOutputs(stack: string): Promise<StackOutputs> {
  const client = new CloudFormationClient({ maxAttempts: 2 });
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stack }));
    const [found] = Stacks;
    if (!found) return { ok: false, problem: `there is no stack ${stack}` };
    const outputs = (found.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]);
    return { ok: true, outputs: Object.fromEntries(outputs), status: found.StackStatus ?? 'unknown' };
  } catch (error) {
    return { ok: false, problem: sentenceOf(error) };
  } finally {
    client.destroy();
  }
}

function sentenceOf(error: unknown): string {
  const { name, message } = error as Error;
  return `${name}: ${message.split('\n')[0]}`;
}
