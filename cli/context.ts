import type { Output } from './output.ts';
import { findTarget, type Target, type TargetFlags } from './target.ts';

/** What every command gets. */
export interface Context {
  readonly out: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The deployment to talk to. Throws UsageError if there is none. */
  target(flags: TargetFlags): Promise<Target>;
  /** Aborted by Ctrl-C: commands that run on stop and sum up. */
  readonly signal: AbortSignal;
  /** Asks a person; undefined where none is there to answer. */
  readonly ask: ((question: string) => Promise<boolean>) | undefined;
}

/** The result of a command: 0 it went well, 1 the answer is no. What a person must change first ends with 2. */
export type ExitCode = 0 | 1;

/** What a command's module exports. */
export type Run<Options, Args extends readonly unknown[] = []> = (
  context: Context,
  options: Options,
  ...args: Args
) => Promise<ExitCode>;

/** The deployment’s name in onedoor.config.ts: whose stack is meant where nobody names one. */
async function configuredName(): Promise<string> {
  const { config } = await import('../onedoor.config.ts');
  return config.deployment ?? 'onedoor';
}

export function createContext(io: Pick<Context, 'out' | 'signal' | 'ask' | 'env'>): Context {
  return { ...io, target: async (flags) => await findTarget(flags, configuredName, io.env) };
}
