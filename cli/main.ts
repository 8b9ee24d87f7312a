#!/usr/bin/env node
import { createInterface } from 'node:readline/promises';
import { CommanderError } from 'commander';
import { UsageError } from '../adapters/cli/flags.ts';
import { ConfigError, OnedoorError } from '../core/errors.ts';
import { createContext } from './context.ts';
import { createOutput } from './output.ts';
import { createProgram } from './program.ts';

const stopped = new AbortController();

async function ask(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
  } finally {
    lines.close();
  }
}

async function main(argv: readonly string[]): Promise<number> {
  let code = 0;
  const program = createProgram({
    context: (json) =>
      createContext({
        out: createOutput(json, (text) => process.stdout.write(text)),
        env: process.env,
        signal: stopped.signal,
        ask: process.stdin.isTTY ? ask : undefined,
      }),
    ended: (ending) => {
      code = ending;
    },
  });
  quiet(program);
  if (argv.length === 0) program.outputHelp();
  else await program.parseAsync(argv, { from: 'user' });
  return code;
}

/** Every command throws instead of ending the process, and leaves it to `explain` to say why. */
function quiet(command: ReturnType<typeof createProgram>): void {
  command.exitOverride().configureOutput({ writeErr: () => {} });
  for (const each of command.commands) quiet(each as typeof command);
}

/** One line and exit code 2 for what a person has to change; anything else is a defect and shows itself whole. */
function explain(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    console.error(error.message.replace(/^error: /, '').replaceAll('\n', ' '));
    return 2;
  }
  if (error instanceof UsageError || error instanceof ConfigError) console.error(error.message);
  else if (error instanceof OnedoorError) {
    const { cause } = error as { readonly cause?: Error };
    console.error(`${error.code}: ${cause?.message ?? error.message}; \`npx onedoor doctor\` looks for the reason`);
  } else throw error;
  return 2;
}

if (import.meta.main) {
  process.once('SIGINT', () => stopped.abort());
  process.exitCode = await main(process.argv.slice(2)).catch(explain);
}
