import { createLogger } from '../adapters/system/logger.ts';
import { OnedoorError } from '../core/errors.ts';

export type Log = ReturnType<typeof createLogger>;

/** Says once that something is away, and once that it is back: what lasts for hours must not fill a disk. */
export interface Outage {
  bad(error: unknown): void;
  good(): void;
}

export function createOutage(log: Log, away: string, back: string): Outage {
  let isAway = false;
  return {
    bad(error) {
      if (isAway) return;
      isAway = true;
      const facts = error instanceof OnedoorError ? { code: error.code, ...error.payload } : { err: error };
      log.warn(facts, away);
    },
    good() {
      if (isAway) log.info(back);
      isAway = false;
    },
  };
}

/** The agent's log: JSON lines, or short lines for people. */
export function createAgentLog(options: {
  readonly isJson: boolean;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
}): Log {
  const { isJson, level } = options;
  return createLogger({ level, base: { service: 'agent' }, ...(!isJson && { destination: { write: writePlain } }) });
}

/** `12:00:00 warn the registry cannot be reached (slot 0, code registry.unreachable)` */
function writePlain(line: string): void {
  const { time, level, msg, service: _, err, ...facts } = JSON.parse(line) as Record<string, unknown>;
  const all = { ...facts, ...(typeof err === 'object' && err !== null && { error: (err as Error).message }) };
  const rest = Object.entries(all).map(
    ([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`,
  );
  process.stdout.write(
    `${String(time).slice(11, 19)} ${level} ${msg}${rest.length > 0 ? ` (${rest.join(', ')})` : ''}\n`,
  );
}
