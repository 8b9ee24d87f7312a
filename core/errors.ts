/**
 * Every code that Onedoor can answer, log or count, in one place. The last part of a code is its name on the wire and
 * in problem documents; `wire` is its number in option 0xE0 (docs/PROTOCOL.md), `http` its status (RFC 9110).
 * docs/ERRORS.md is generated from this table. A code is never renamed, only retired.
 */
interface CodeInfo {
  readonly http: number;
  /** Number in the error option of the probe protocol; absent where the probe protocol never answers it. */
  readonly wire?: number;
  readonly means: string;
  readonly remedy: string;
}

export const ERROR_CODES = {
  'assign.no-capacity': {
    http: 503,
    wire: 1,
    means:
      'no server of the pool has a free seat, checked by a fresh consistent read, or the last ones are for who waits',
    remedy: 'try again after the time given, with the wait token; add servers or raise capacity',
  },
  'assign.unknown-app': {
    http: 404,
    wire: 2,
    means: 'the app is not in the roster',
    remedy: 'check the name; GET /v1/apps lists the apps',
  },
  'assign.unknown-world': {
    http: 404,
    wire: 3,
    means: 'the app has no such world',
    remedy: 'check the name; GET /v1/apps/{app}/worlds lists the worlds',
  },
  'assign.not-confirmed': {
    http: 504,
    means: 'the server did not say that it takes the seat back',
    remedy: 'ask again, or leave it: an unused seat is free again within 52 s',
  },
  'wire.request-too-small': {
    http: 400,
    wire: 4,
    means: 'the answer would be longer than the request, which UDP replies never are',
    remedy: 'pad the request to 1,200 bytes from now on',
  },
  'door.rate-limited': {
    http: 429,
    wire: 5,
    means: 'this source sends more than its share, or the gateway has more to do than it can',
    remedy: 'wait for the time given',
  },
  'assign.unavailable': {
    http: 503,
    wire: 6,
    means: 'the registry cannot be reached and no seat is left in stock',
    remedy: 'try again after the time given; see the registry in docs/OPERATIONS.md',
  },
  'wire.too-many-connections': {
    http: 503,
    means: 'this port, or one source at it, has as many TCP connections as it may; further ones are closed at once',
    remedy: 'close connections after their answer; nothing is said to who is turned away, it is counted and logged',
  },
  'ticket.ticket-rejected': {
    http: 403,
    wire: 7,
    means: 'the ticket was refused; the reason text holds the precise ticket code',
    remedy: 'drop the ticket and ask the door again',
  },
  'ticket.clock': {
    http: 403,
    wire: 8,
    means: 'the ticket is from the future or too old by the verifying clock',
    remedy: 'check the clocks of the agent and the door; the answer carries the time of the server',
  },
  'door.cookie-required': {
    http: 429,
    wire: 9,
    means: 'the door is busy and first wants to see that the source can receive',
    remedy: 'repeat the request with the cookie from this answer, from the same port',
  },
  'ticket.malformed': {
    http: 400,
    means: 'the text is not a ticket',
    remedy: 'send the ticket exactly as the door gave it',
  },
  'ticket.unknown-key': {
    http: 403,
    means: 'no public key with the ticket’s kid is known',
    remedy: 'check that agent and door belong to one deployment',
  },
  'ticket.forged': { http: 403, means: 'the signature does not fit', remedy: 'ask the door for a ticket' },
  'ticket.wrong-deployment': {
    http: 403,
    means: 'the ticket was issued by another deployment',
    remedy: 'ask the door of this deployment',
  },
  'ticket.wrong-server': {
    http: 403,
    means: 'the ticket is for another server',
    remedy: 'go to the server that the ticket names, or ask the door again',
  },
  'ticket.in-use': {
    http: 409,
    means: 'another client already plays on this seat',
    remedy: 'ask the door for a seat of your own',
  },
  'ticket.wrong-client': {
    http: 403,
    means: 'the ticket belongs to another client',
    remedy: 'show the ticket with the client name it was asked for with, or ask the door for one of your own',
  },
  'ticket.ended': { http: 410, means: 'the session of this ticket is over', remedy: 'ask the door for a new seat' },
  'ticket.too-old': {
    http: 410,
    means: 'the ticket of a lost server is older than 12 hours',
    remedy: 'ask the door for a new seat',
  },
  'agent.full': { http: 503, means: 'no free seat for a join without a valid ticket', remedy: 'ask the door' },
  'agent.draining': { http: 503, means: 'the server takes no new sessions', remedy: 'ask the door for another server' },
  'agent.not-ready': {
    http: 503,
    means: 'the agent has not claimed its row yet or has lost it',
    remedy: 'wait for the agent to become ready; its log says what it waits for',
  },
  'agent.busy': {
    http: 503,
    means: 'more tickets were shown in this second than signatures are checked; the rest get no answer',
    remedy: 'repeat the keepalive; counted as `silent.busy`. If it stays, somebody floods the probe port',
  },
  'agent.unknown-session': { http: 404, means: 'no such session', remedy: 'list the sessions with GET /sessions' },
  'http.bad-request': { http: 400, means: 'the request does not fit the schema', remedy: 'see `errors` for each path' },
  'http.key-reused': {
    http: 422,
    means: 'another request came with this Idempotency-Key in the last five minutes',
    remedy: 'make a new random key for each new request; repeat a request with its very body',
  },
  'http.body-too-large': { http: 413, means: 'the body has more than 16 KiB', remedy: 'send less' },
  'http.headers-too-large': {
    http: 431,
    means: 'request line and fields have more than 8 KiB',
    remedy: 'send fewer or shorter fields',
  },
  'http.timeout': { http: 408, means: 'the request did not arrive whole in time', remedy: 'send it again' },
  'http.too-many-connections': {
    http: 503,
    means: 'this server, or one source at it, has as many connections as it may; further ones are closed at once',
    remedy: 'keep connections and use them again',
  },
  'http.not-found': { http: 404, means: 'no such route or object', remedy: 'see docs/openapi.yaml' },
  'http.method-not-allowed': {
    http: 405,
    means: 'the route does not take this method',
    remedy: 'see docs/openapi.yaml',
  },
  'http.unauthorized': { http: 401, means: 'the token is missing or wrong', remedy: 'send Authorization: Bearer …' },
  'http.internal': { http: 500, means: 'an unexpected failure inside the door', remedy: 'quote the request id' },
  'page.forbidden': {
    http: 403,
    means: 'the page was asked from another site, or without its token',
    remedy: 'open the page by the whole address that was printed (docs/PAGE.md)',
  },
  'page.last-ready': {
    http: 409,
    means: 'the server is the last ready one of its pool',
    remedy: 'the detail says what will happen; ask again with `knowsItIsLast` to drain it all the same',
  },
  'page.not-asked': {
    http: 409,
    means: 'the drain was not asked for through the registry, so it is not taken back there',
    remedy:
      'the machine drains by itself (a signal, its game, the API there): make it ready there, or start its agent anew',
  },
  'registry.unreachable': {
    http: 503,
    means: 'DynamoDB did not answer in time',
    remedy: 'check the endpoint, the credentials and the network',
  },
  'registry.refused': {
    http: 503,
    means: 'DynamoDB refused the call',
    remedy: 'check the role’s policy and the table’s name',
  },
  'ec2.unreachable': { http: 503, means: 'EC2 did not answer', remedy: 'check the endpoint and the credentials' },
  'secret.unreadable': { http: 500, means: 'the signing secret cannot be read', remedy: 'check ONEDOOR_KEY_SECRET' },
  'load.query-failed': {
    http: 503,
    means: 'the game did not answer the load query',
    remedy: 'check that the game runs and that the query address is right',
  },
  'client.no-answer': {
    http: 504,
    means: 'the door answered neither by UDP nor by TCP nor by HTTP',
    remedy: 'check the address and ports of the door, and that the network lets one of the three pass',
  },
  'config.invalid': { http: 500, means: 'a setting is wrong', remedy: 'the message lists every problem' },
} as const satisfies Record<string, CodeInfo>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Status, wire number and texts of a code. */
export function codeInfo(code: ErrorCode): CodeInfo {
  return ERROR_CODES[code];
}

/** The last part of a code: its name on the wire and in problem documents. */
export function codeName(code: ErrorCode): string {
  return code.slice(code.lastIndexOf('.') + 1);
}

/** An expected refusal on the hot path: returned, never thrown. */
export interface Refusal {
  readonly ok: false;
  readonly code: ErrorCode;
  readonly retryAfterMs?: number;
  /** Goes into the next request: who waits comes before newcomers. */
  readonly wait?: string;
  /** Free text for people; never needed to act. */
  readonly detail?: string;
}

/** Builds a refusal; `detail` and `retryAfterMs` only where they say more than the code. */
export function refuse(code: ErrorCode, more: { retryAfterMs?: number; detail?: string } = {}): Refusal {
  return { ok: false, code, ...more };
}

/** An operational failure (store, socket, secret): thrown by adapters, handled once in each composition file. */
export class OnedoorError extends Error {
  override readonly name = 'OnedoorError';
  readonly code: ErrorCode;
  readonly payload: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, payload: Readonly<Record<string, unknown>> = {}, options: { cause?: unknown } = {}) {
    super(`${code}: ${ERROR_CODES[code].means}`, options);
    this.code = code;
    this.payload = payload;
  }
}

/** A programmer's or deployer's mistake: thrown at construction with every problem at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'config.invalid' satisfies ErrorCode;
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}
