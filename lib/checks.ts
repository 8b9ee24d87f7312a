import { Token } from 'aws-cdk-lib';
import { mistake, refuseIfAny } from '../core/config/schema.ts';

/** What is wrong with one prop, in the shape "`x` must be …, got: ….", or nothing. */
export type Check = string | undefined;

/** Throws ConfigError with every mistake. Called before a construct makes its first resource. */
export function checkProps(...checks: readonly Check[]): void {
  refuseIfAny(checks.filter((check) => check !== undefined));
}

/** A whole number in a range; a token, known only when deployed, passes. */
export function checkInteger(name: string, value: number | undefined, min: number, max: number): Check {
  if (value === undefined || Token.isUnresolved(value)) return undefined;
  const good = Number.isInteger(value) && value >= min && value <= max;
  return good ? undefined : mistake(name, `a whole number between ${min} and ${max}`, value);
}

/** A condition over one or several props; `must` says it in words. */
export function checkThat(holds: boolean, name: string, must: string, got: unknown): Check {
  return holds ? undefined : mistake(name, must, got);
}
