import {
  type DestinationStream,
  destination,
  type Level,
  type Logger,
  type LoggerOptions as PinoOptions,
  pino,
} from 'pino';
import { OnedoorError } from '../../core/errors.ts';
import { HIDDEN, SECRET_FIELDS, withoutTickets } from './log-secrets.ts';
import { createSeldom } from './seldom.ts';

export interface LoggerOptions {
  /** Lines under this level are not written. Default `info`. */
  readonly level?: Level | 'silent';
  /** Fields of every line: `service`, the server's id (`serverId`), ... */
  readonly base?: Readonly<Record<string, unknown>>;
  /** Where the lines go. Default stdout, at once: a process that is killed loses nothing. */
  readonly destination?: DestinationStream;
}

/**
 * JSON lines for machines. Fields that the whole project uses: `requestId`, `serverId`, `code` (a code of docs/ERRORS.md;
 * taken from `err` where that is a OnedoorError).
 *
 * Of warnings and errors at most one line a second of each kind (message and code) is written; `leftOut` says how many of
 * its like were not. Each child logger has its own second.
 *
 * A log never holds a ticket or a secret: fields of such a name are hidden down to the third level, and what looks like a
 * ticket is cut from the finished line, wherever it stood (message, stack, nested field).
 */
export function createLogger({ level = 'info', base = {}, destination: stream }: LoggerOptions = {}): Logger {
  return pino(
    {
      level,
      base,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      redact: {
        paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
        censor: HIDDEN,
      },
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => (fields['err'] instanceof OnedoorError ? { code: fields['err'].code, ...fields } : fields),
      },
      hooks: { streamWrite: withoutTickets, logMethod: seldomWritten() },
    },
    stream ?? destination({ dest: 1, sync: true }),
  );
}

type LogMethod = NonNullable<NonNullable<PinoOptions['hooks']>['logMethod']>;

function seldomWritten(): LogMethod {
  const all = new WeakMap<object, ReturnType<typeof createSeldom>>();
  return function write(args, method, level) {
    const [first, message] = args as readonly unknown[];
    // What is no trouble is said when something changes, and each change counts.
    if (level < pino.levels.values['warn']!) return method.apply(this, args);
    const seldom = all.get(this) ?? createSeldom();
    all.set(this, seldom);
    const fields = typeof first === 'object' && first !== null ? (first as Readonly<Record<string, unknown>>) : {};
    const code = fields['code'] ?? (fields['err'] instanceof OnedoorError ? fields['err'].code : '');
    return seldom(`${level} ${message ?? first} ${code}`, (leftOut) => {
      if (leftOut === 0) method.apply(this, args);
      else method.call(this, { ...fields, leftOut }, String(message ?? first));
    });
  };
}
