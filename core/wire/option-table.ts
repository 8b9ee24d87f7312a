import {
  COOKIE_BYTES,
  MAX_ALTERNATES,
  MAX_AVOID,
  MAX_CLIENT_BYTES,
  MAX_NAME_BYTES,
  MAX_PORTS,
  MAX_REASON_BYTES,
  MAX_SERVER_ID_BYTES,
  MAX_TICKET_BYTES,
  MAX_VALUE_BYTES,
  MAX_WAIT_BYTES,
  NONCE_BYTES,
  SIGNATURE_BYTES,
} from './limits.ts';

/** Codes of the options of an extended packet (docs/PROTOCOL.md, "Options"). */
export const OPTION = {
  padding: 0x00,
  nonce: 0x01,
  app: 0x02,
  world: 0x03,
  group: 0x04,
  client: 0x05,
  ticket: 0x06,
  avoid: 0x07,
  cookie: 0x08,
  want: 0x09,
  report: 0x0a,
  wait: 0x0b,
  page: 0x0c,
  pick: 0x0d,
  leave: 0x0e,
  forward: 0x0f,
  server: 0x81,
  ports: 0x82,
  otherAddress: 0x83,
  keepalive: 0x84,
  alternates: 0x85,
  moving: 0x86,
  rosterPage: 0x87,
  lobbyPage: 0x88,
  error: 0xe0,
} as const;

/** Codes from here on make a packet a response, known or not. */
export const FIRST_RESPONSE_OPTION = 0x80;

export interface OptionRule {
  readonly in: 'request' | 'response' | 'both';
  /** Bytes of the value, least and most; the inner structure is checked where the value is read. */
  readonly min: number;
  readonly max: number;
}

/** Direction and size of each option's value, by code. */
export const OPTION_RULES: Readonly<Record<number, OptionRule>> = {
  [OPTION.padding]: { in: 'request', min: 0, max: MAX_VALUE_BYTES },
  [OPTION.nonce]: { in: 'both', min: NONCE_BYTES, max: NONCE_BYTES },
  [OPTION.app]: { in: 'request', min: 1, max: MAX_NAME_BYTES },
  [OPTION.world]: { in: 'request', min: 1, max: MAX_NAME_BYTES },
  [OPTION.group]: { in: 'request', min: 1, max: MAX_NAME_BYTES },
  [OPTION.client]: { in: 'request', min: 1, max: MAX_CLIENT_BYTES },
  [OPTION.ticket]: { in: 'both', min: 1, max: MAX_TICKET_BYTES },
  [OPTION.avoid]: { in: 'request', min: 2, max: MAX_AVOID * (1 + MAX_SERVER_ID_BYTES) },
  [OPTION.cookie]: { in: 'both', min: COOKIE_BYTES, max: COOKIE_BYTES },
  [OPTION.want]: { in: 'request', min: 1, max: 1 },
  [OPTION.report]: { in: 'request', min: 1, max: 1 },
  [OPTION.wait]: { in: 'both', min: 1, max: MAX_WAIT_BYTES },
  [OPTION.page]: { in: 'request', min: 2, max: 2 },
  [OPTION.pick]: { in: 'request', min: 1, max: MAX_SERVER_ID_BYTES },
  [OPTION.leave]: { in: 'request', min: 0, max: 0 },
  [OPTION.forward]: { in: 'request', min: 21 + SIGNATURE_BYTES, max: 21 + SIGNATURE_BYTES },
  [OPTION.server]: { in: 'response', min: 1, max: MAX_SERVER_ID_BYTES },
  [OPTION.ports]: { in: 'response', min: 3, max: 3 * MAX_PORTS },
  [OPTION.otherAddress]: { in: 'response', min: 16, max: 16 },
  [OPTION.keepalive]: { in: 'response', min: 6, max: 6 },
  [OPTION.alternates]: { in: 'response', min: 20, max: 20 * MAX_ALTERNATES },
  [OPTION.moving]: { in: 'response', min: 4, max: 4 },
  [OPTION.rosterPage]: { in: 'response', min: 8, max: MAX_VALUE_BYTES },
  [OPTION.lobbyPage]: { in: 'response', min: 21, max: MAX_VALUE_BYTES },
  [OPTION.error]: { in: 'response', min: 6, max: 6 + MAX_REASON_BYTES },
};
