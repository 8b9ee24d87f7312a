import { type DestinationStream, destination, type Level, type Logger, pino } from 'pino';
import { OnedoorError } from '../../core/errors.ts';
import { HIDDEN, SECRET_FIELDS, withoutTickets } from './log-secrets.ts';

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
      hooks: { streamWrite: withoutTickets },
    },
    stream ?? destination({ dest: 1, sync: true }),
  );
}
