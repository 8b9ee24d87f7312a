import * as v from 'valibot';
import {
  MAX_AVOID,
  MAX_CLIENT_BYTES,
  MAX_NAME_BYTES,
  MAX_SERVER_ID_BYTES,
  MAX_TICKET_BYTES,
  MAX_WAIT_BYTES,
} from '../../core/wire/limits.ts';

/**
 * What goes over HTTP, as schemas: requests are parsed by them, the types of answers come from them, and
 * docs/openapi.yaml is held equal to them by a test. Messages continue "<path> …". Requests are closed, so that a typing
 * error is told; answers are open, so that a later version may say more.
 */

const MAX_LABELS = 8;
const MAX_LATENCIES = 32;
/** Each has a ticket: the answer stays below 20 KiB. */
const MAX_PARTY = 16;
const MAX_LATENCY_MS = 60_000;
/** Names that the parser would leave out without a word, since an object cannot carry them safely. */
const RESERVED_NAMES = ['__proto__', 'prototype', 'constructor'];

/** Text of 1..maxBytes bytes of UTF-8: the limit of the probe protocol, which carries the same names. */
function shortText(maxBytes: number, description: string) {
  const message = `must be text of 1 to ${maxBytes} bytes of UTF-8`;
  return v.pipe(
    v.string(message),
    v.minLength(1, message),
    v.maxLength(maxBytes, message),
    // Half a surrogate pair has no UTF-8 (RFC 3629, section 3).
    v.check((text) => text.isWellFormed() && Buffer.byteLength(text) <= maxBytes, message),
    v.description(`${description} (at most ${maxBytes} bytes of UTF-8)`),
  );
}

function count(description: string) {
  return v.pipe(v.number(), v.integer(), v.minValue(0), v.description(description));
}

// Sizes are checked before the items: each wrong item makes an issue, and a body has room for thousands.
const avoidMessage = `must be a list of at most ${MAX_AVOID} server ids`;
const isAvoid = (value: unknown): boolean => Array.isArray(value) && value.length <= MAX_AVOID;
const partyMessage = `must be a list of 1 to ${MAX_PARTY} clients, no two alike`;
const isParty = (value: unknown): boolean =>
  Array.isArray(value) && value.length >= 1 && value.length <= MAX_PARTY && new Set(value).size === value.length;

const isSmallObject = (most: number) => (value: unknown) =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.keys(value).length <= most &&
  RESERVED_NAMES.every((name) => !Object.hasOwn(value, name));
const labelsMessage = `must be an object of at most ${MAX_LABELS} labels`;
const latenciesMessage = `must be an object of at most ${MAX_LATENCIES} latencies`;
const latencyMessage = `must be a number of milliseconds from 0 to ${MAX_LATENCY_MS}`;

export const assignmentRequest = v.strictObject(
  {
    app: v.exactOptional(shortText(MAX_NAME_BYTES, 'App to play. Default: the deployment’s default app')),
    world: v.exactOptional(shortText(MAX_NAME_BYTES, 'World of the app. Default: any')),
    group: v.exactOptional(
      shortText(MAX_NAME_BYTES, 'Preferred group; its fallbacks, then all others follow when it is full'),
    ),
    client: v.exactOptional(
      shortText(
        MAX_CLIENT_BYTES,
        'The client’s stable identity, proved by the ticket. Default: a random one of this request’s own',
      ),
    ),
    party: v.exactOptional(
      v.pipe(
        v.custom<readonly unknown[]>(isParty, partyMessage),
        v.array(shortText(MAX_CLIENT_BYTES, 'The stable identity of one of them')),
        v.minLength(1),
        v.maxLength(MAX_PARTY),
        v.description('Instead of `client`: all of these on one server, or none of them'),
      ),
    ),
    server: v.exactOptional(
      shortText(MAX_SERVER_ID_BYTES, 'Id of the server that the client chose itself: this one or none'),
    ),
    avoid: v.exactOptional(
      v.pipe(
        v.custom<readonly unknown[]>(isAvoid, avoidMessage),
        v.array(shortText(MAX_SERVER_ID_BYTES, 'Id of a server')),
        v.maxLength(MAX_AVOID),
        v.description('Servers that this client lost; affects this request alone'),
      ),
    ),
    labels: v.exactOptional(
      v.pipe(
        v.custom<Record<string, unknown>>(isSmallObject(MAX_LABELS), labelsMessage),
        v.record(shortText(MAX_NAME_BYTES, 'A label’s name'), shortText(MAX_NAME_BYTES, 'A label’s value')),
        v.maxEntries(MAX_LABELS),
        v.description('The server must have each of these labels with this very value'),
      ),
    ),
    latencies: v.exactOptional(
      v.pipe(
        v.custom<Record<string, unknown>>(isSmallObject(MAX_LATENCIES), latenciesMessage),
        v.record(
          shortText(MAX_NAME_BYTES, 'Id of a server, or a group'),
          v.pipe(
            v.number(latencyMessage),
            v.minValue(0, latencyMessage),
            v.maxValue(MAX_LATENCY_MS, latencyMessage),
            v.description('Milliseconds'),
          ),
        ),
        v.maxEntries(MAX_LATENCIES),
        v.description('What the client measured; a server’s own figure counts before its group’s. For policy nearest'),
      ),
    ),
    wait: v.exactOptional(shortText(MAX_WAIT_BYTES, '`wait` of the refusal before: who waits comes before newcomers')),
    family: v.exactOptional(
      v.pipe(v.picklist([4, 6], 'must be 4 or 6'), v.description('IP version that the server must have. Default: 4')),
    ),
    explain: v.exactOptional(
      v.pipe(v.boolean('must be true or false'), v.description('Say in the answer why this server was chosen')),
    ),
  },
  'must be an object',
);

const serverEntries = {
  id: v.pipe(v.string(), v.description('Short id, unique in the deployment')),
  ipv4: v.exactOptional(v.pipe(v.string(), v.ipv4(), v.description('Public IPv4 address'))),
  ipv6: v.exactOptional(v.pipe(v.string(), v.ipv6(), v.description('Public IPv6 address'))),
  ports: v.pipe(
    v.record(v.string(), v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535))),
    v.description('Port by role; game and probe are always there'),
  ),
  app: v.string(),
  world: v.string(),
  group: v.string(),
};

const serverAnswer = v.object(serverEntries);

export const assignmentAnswer = v.object({
  id: v.pipe(v.string(), v.description('Id of the seat: server, life of its agent and serial')),
  server: serverAnswer,
  ticket: v.pipe(v.string(), v.description('Proof of the seat: a JWT signed with Ed25519, for the server’s agent')),
  activateBy: count('Seconds since the epoch: show the ticket to the server before'),
  keepalive: v.object({
    intervalSeconds: count('Longest time between two keepalives'),
    transmissions: count('Datagrams sent to the server after which a keepalive goes out sooner'),
    timeoutMs: count('Time to wait for an answer before sending again'),
  }),
  seats: v.exactOptional(
    v.pipe(
      v.array(v.object({ client: v.string(), id: v.string(), ticket: v.string() })),
      v.description('Of a party: a seat for each, in the order asked; `id` and `ticket` are those of the first'),
    ),
  ),
  alternates: v.pipe(
    v.array(serverAnswer),
    v.description('At most two servers that admit the ticket when its own server is lost, best first'),
  ),
  explain: v.exactOptional(
    v.object({
      policy: v.string(),
      candidates: count('Servers that could be had'),
      rosterVersion: count('Version of the roster that was chosen from'),
      rosterAgeMs: count('Age of that roster'),
      refused: v.array(v.object({ id: v.string(), code: v.string() })),
      fromStock: v.pipe(v.boolean(), v.description('The seat had been taken ahead')),
    }),
  ),
});

export const releaseAnswer = v.object({ status: v.literal('told') });

export const reportRequest = v.strictObject(
  {
    ticket: shortText(MAX_TICKET_BYTES, 'The ticket of the server that this client cannot reach'),
    reason: v.exactOptional(
      v.pipe(
        v.picklist(['silent', 'refused'], 'must be silent or refused'),
        v.description('Whether it did not answer or refused the ticket. Default: silent'),
      ),
    ),
  },
  'must be an object',
);

export const reportAnswer = v.object({ status: v.literal('noted') });

const place = (what: string) => v.exactOptional(shortText(MAX_NAME_BYTES, `Only servers of this ${what}`));

/** Servers in one answer at most: a load balancer takes 1 MB from a function, and a server has up to 700 bytes. */
export const MAX_PAGE = 1_000;
const limitMessage = `must be a whole number from 1 to ${MAX_PAGE}`;

export const rosterQuery = v.strictObject({
  app: place('app'),
  world: place('world'),
  group: place('group'),
  after: v.exactOptional(shortText(MAX_SERVER_ID_BYTES, 'Go on after this server: `next` of the page before')),
  limit: v.exactOptional(
    v.pipe(
      v.string(),
      v.transform(Number),
      v.number(limitMessage),
      v.integer(limitMessage),
      v.minValue(1, limitMessage),
      v.maxValue(MAX_PAGE, limitMessage),
      v.description(`Servers on a page. Default: ${MAX_PAGE}`),
    ),
  ),
});

/** What clients are told of a server: `suspect` also where its heartbeat is late; only `ready` ones are given out. */
const status = v.picklist(['starting', 'ready', 'draining', 'suspect']);

const usage = {
  sessions: count('Clients there now'),
  capacity: count('Clients that fit'),
  free: count('Seats for the taking on servers that are ready'),
};

export const rosterAnswer = v.object({
  rosterVersion: count('Grows with every change'),
  servers: v.array(v.object({ ...serverEntries, status, ...usage })),
  next: v.exactOptional(v.pipe(v.string(), v.description('There is more: ask again with `after` set to this'))),
});

export const appsAnswer = v.object({
  rosterVersion: count('Grows with every change'),
  apps: v.array(v.object({ app: v.string(), worlds: count('Worlds'), servers: count('Servers'), ...usage })),
});

export const worldsAnswer = v.object({
  rosterVersion: count('Grows with every change'),
  app: v.string(),
  worlds: v.array(v.object({ world: v.string(), groups: v.array(v.string()), servers: count('Servers'), ...usage })),
});

export const keySetAnswer = v.object({
  keys: v.array(
    v.object({
      kty: v.literal('OKP'),
      crv: v.literal('Ed25519'),
      use: v.literal('sig'),
      alg: v.literal('EdDSA'),
      kid: v.string(),
      x: v.string(),
    }),
  ),
});

export const healthAnswer = v.object({ status: v.literal('ok') });

type Answer<T> = T extends object ? { readonly [K in keyof T]: Answer<T[K]> } : T;

export type AssignmentRequest = v.InferOutput<typeof assignmentRequest>;
export type ReleaseAnswer = Answer<v.InferOutput<typeof releaseAnswer>>;
export type ReportAnswer = Answer<v.InferOutput<typeof reportAnswer>>;
export type RosterQuery = v.InferOutput<typeof rosterQuery>;
export type AssignmentAnswer = Answer<v.InferOutput<typeof assignmentAnswer>>;
export type ServerAnswer = Answer<v.InferOutput<typeof serverAnswer>>;
export type RosterAnswer = Answer<v.InferOutput<typeof rosterAnswer>>;
export type AppsAnswer = Answer<v.InferOutput<typeof appsAnswer>>;
export type WorldsAnswer = Answer<v.InferOutput<typeof worldsAnswer>>;
