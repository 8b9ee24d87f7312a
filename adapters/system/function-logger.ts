import { OnedoorError } from '../../core/errors.ts';
import { HIDDEN, SECRET_FIELDS, withoutTickets } from './log-secrets.ts';
import { createSeldom } from './seldom.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
type Level = (typeof LEVELS)[number];
type Fields = Readonly<Record<string, unknown>>;

export type FunctionLogger = Readonly<Record<Level, (fields: object, message?: string) => void>>;

/** Fields of secret names are hidden down to this level, as in `createLogger`. */
const DEPTH = 3;

function hidden(fields: Fields, depth = 1): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      if ((SECRET_FIELDS as readonly string[]).includes(name)) return [name, HIDDEN];
      const isNested = depth < DEPTH && Object.getPrototypeOf(value ?? 0) === Object.prototype;
      return [name, isNested ? hidden(value as Fields, depth + 1) : value];
    }),
  );
}

function told(err: unknown): unknown {
  if (!(err instanceof Error)) return err;
  const { message, stack } = err;
  return {
    type: err.constructor.name,
    message,
    stack,
    ...(err instanceof OnedoorError && { code: err.code, payload: err.payload }),
  };
}

/**
 * The lines of `createLogger` for a function in which every KiB is start time: the same names for the same things, and the
 * same secrets kept, and as seldom. Writes whole lines to stdout, where Lambda takes them.
 * @param write @default stdout
 */
export function createFunctionLogger(options: {
  /** `silent`: nothing is written. */
  readonly level: string;
  readonly base: Fields;
  readonly write?: (line: string) => void;
}): FunctionLogger {
  const { level, base, write = (line) => void process.stdout.write(line) } = options;
  const least = level === 'trace' ? 0 : LEVELS.indexOf(level as Level);
  const seldom = createSeldom();
  const logs = LEVELS.map((name, rank) => {
    if (least < 0 || rank < least) return [name, () => {}] as const;
    return [
      name,
      (fields: object, msg?: string) => {
        const { err, ...rest } = fields as Fields;
        const line = {
          level: name,
          time: new Date().toISOString(),
          ...base,
          ...(err instanceof OnedoorError && { code: err.code }),
          ...hidden(rest),
          ...(err !== undefined && { err: told(err) }),
          ...(msg !== undefined && { msg }),
        };
        const tell = (leftOut: number): void =>
          write(`${withoutTickets(JSON.stringify(leftOut === 0 ? line : { ...line, leftOut }))}\n`);
        if (name === 'warn' || name === 'error') seldom(`${name} ${msg} ${'code' in line ? line.code : ''}`, tell);
        else tell(0);
      },
    ] as const;
  });
  return Object.fromEntries(logs) as FunctionLogger;
}
