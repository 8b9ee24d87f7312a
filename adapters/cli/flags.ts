import { isIP } from 'node:net';
import { type Command, CommanderError, InvalidArgumentError } from 'commander';

/** Something that the person who typed has to change: one line, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Reads the value of a flag: a whole number within these bounds. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isInteger(value) || value < least || value > most) {
      throw new InvalidArgumentError(`must be a whole number from ${least} to ${most}, got: ${text}`);
    }
    return value;
  };
}

/** Reads the value of a flag: an IPv4 or IPv6 address. */
export function ipAddress(text: string): string {
  if (isIP(text) === 0) throw new InvalidArgumentError(`must be an IP address, got: ${text}`);
  return text;
}

/**
 * Lets `command` read `argv`, which must leave nothing over; its help goes to `write`. 'help': that was asked for, and is
 * written. Throws what `wrong` makes of the problem with the flags.
 */
export function readFlags(
  command: Command,
  argv: readonly string[],
  write: (text: string) => void,
  wrong: (problem: string) => Error,
): 'help' | 'read' {
  command
    .allowExcessArguments(false)
    .configureOutput({ writeOut: write, writeErr: () => {} })
    .exitOverride();
  try {
    command.parse(argv, { from: 'user' });
    return 'read';
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 'help';
    throw wrong(error.message.replace(/^error: /, ''));
  }
}
