/** What no log may hold, whoever writes it. */

export const SECRET_FIELDS = [
  'ticket',
  'token',
  'secret',
  'seed',
  'privateKey',
  'password',
  'authorization',
  'cookie',
] as const;

export const HIDDEN = '[hidden]';

/** Every ticket begins with these characters: they are base64url of `{"alg":"EdDSA","kid":"`. */
const TICKET = /eyJhbGciOiJFZERTQSIsImtpZCI6I[A-Za-z0-9_.-]*/g;

/** The line without tickets, wherever they stood in it. */
export function withoutTickets(line: string): string {
  return line.replace(TICKET, '[ticket]');
}
