/**
 * Numbers and names of the error option (docs/PROTOCOL.md, "Error codes"). The names are the last parts of the codes in
 * core/errors.ts, which holds their meaning; a test keeps the two equal.
 */
export const WIRE_ERRORS = {
  1: 'no-capacity',
  2: 'unknown-app',
  3: 'unknown-world',
  4: 'request-too-small',
  5: 'rate-limited',
  6: 'unavailable',
  7: 'ticket-rejected',
  8: 'clock',
  9: 'cookie-required',
} as const;

export type WireErrorName = (typeof WIRE_ERRORS)[keyof typeof WIRE_ERRORS];

/** The name of an error number; undefined for one that a newer door may send: treat it as "try again later". */
export function wireErrorName(code: number): WireErrorName | undefined {
  return WIRE_ERRORS[code as keyof typeof WIRE_ERRORS];
}
