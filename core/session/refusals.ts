import type { ErrorCode } from '../errors.ts';

/** Codes that no repetition of the first request changes: a name or a field is wrong. */
export const HOPELESS: readonly ErrorCode[] = ['assign.unknown-app', 'assign.unknown-world', 'http.bad-request'];

/** The door could give no server: with every other one full or gone, the one that was lost may be back. */
export const NO_SERVER: readonly ErrorCode[] = [
  'assign.no-capacity',
  'assign.unavailable',
  'assign.unknown-app',
  'assign.unknown-world',
];
