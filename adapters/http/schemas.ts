import * as v from 'valibot';
import {
  MAX_AVOID,
  MAX_CLIENT_BYTES,
  MAX_NAME_BYTES,
  MAX_SERVER_ID_BYTES,
  MAX_TICKET_BYTES,
  MAX_WAIT_BYTES,
} from '../../core/wire/limits.ts';
import {
  isAvoid,
  isParty,
  MAX_LABELS,
  MAX_LATENCIES,
  MAX_LATENCY_MS,
  MAX_PAGE,
  MAX_PARTY,
  MESSAGES,
} from './request-limits.ts';
import { isShortText, isSmallObject, NOT_AN_OBJECT, shortTextMessage } from './rules.ts';

/**
 * What goes over HTTP, as schemas: the types come from them, and docs/openapi.yaml is held equal to them by a test, as
 * are the rules by which requests are parsed (requests.ts). No program loads them. Messages continue "<path> …".
 * Requests are closed, so that a typing error is told; answers are open, so that a later version may say more.
 */

function shortText(maxBytes: number, description: string) {
  const message = shortTextMessage(maxBytes);
  return v.pipe(
    v.string(message),
    v.minLength(1, message),
    v.maxLength(maxBytes, message),
    v.check((text) => isShortText(text, maxBytes), message),
    v.description(`${description} (at most ${maxBytes} bytes of UTF-8)`),
  );
}

function count(description: string) {
  return v.pipe(v.number(), v.integer(), v.minValue(0), v.description(description));
}

const assignmentRequest = v.strictObject(
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
        v.custom<readonly unknown[]>(isParty, MESSAGES.party),
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
        v.custom<readonly unknown[]>(isAvoid, MESSAGES.avoid),
        v.array(shortText(MAX_SERVER_ID_BYTES, 'Id of a server')),
        v.maxLength(MAX_AVOID),
        v.description('Servers that this client lost; affects this request alone'),
      ),
    ),
    labels: v.exactOptional(
      v.pipe(
        v.custom<Record<string, unknown>>((value) => isSmallObject(value, MAX_LABELS), MESSAGES.labels),
        v.record(shortText(MAX_NAME_BYTES, 'A label’s name'), shortText(MAX_NAME_BYTES, 'A label’s value')),
        v.maxEntries(MAX_LABELS),
        v.description('The server must have each of these labels with this very value'),
      ),
    ),
    latencies: v.exactOptional(
      v.pipe(
        v.custom<Record<string, unknown>>((value) => isSmallObject(value, MAX_LATENCIES), MESSAGES.latencies),
        v.record(
          shortText(MAX_NAME_BYTES, 'Id of a server, or a group'),
          v.pipe(
            v.number(MESSAGES.latency),
            v.minValue(0, MESSAGES.latency),
            v.maxValue(MAX_LATENCY_MS, MESSAGES.latency),
            v.description('Milliseconds'),
          ),
        ),
        v.maxEntries(MAX_LATENCIES),
        v.description('What the client measured; a server’s own figure counts before its group’s. For policy nearest'),
      ),
    ),
    wait: v.exactOptional(shortText(MAX_WAIT_BYTES, '`wait` of the refusal before: who waits comes before newcomers')),
    family: v.exactOptional(
      v.pipe(v.picklist([4, 6], MESSAGES.family), v.description('IP version that the server must have. Default: 4')),
    ),
    explain: v.exactOptional(
      v.pipe(v.boolean(MESSAGES.explain), v.description('Say in the answer why this server was chosen')),
    ),
  },
  NOT_AN_OBJECT,
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

const assignmentAnswer = v.object({
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

const releaseAnswer = v.object({ status: v.literal('told') });

const reportRequest = v.strictObject(
  {
    ticket: shortText(MAX_TICKET_BYTES, 'The ticket of the server that this client cannot reach'),
    reason: v.exactOptional(
      v.pipe(
        v.picklist(['silent', 'refused'], MESSAGES.reason),
        v.description('Whether it did not answer or refused the ticket. Default: silent'),
      ),
    ),
  },
  NOT_AN_OBJECT,
);

const reportAnswer = v.object({ status: v.literal('noted') });

const place = (what: string) => v.exactOptional(shortText(MAX_NAME_BYTES, `Only servers of this ${what}`));

const rosterQuery = v.strictObject({
  app: place('app'),
  world: place('world'),
  group: place('group'),
  after: v.exactOptional(shortText(MAX_SERVER_ID_BYTES, 'Go on after this server: `next` of the page before')),
  limit: v.exactOptional(
    v.pipe(
      v.string(),
      v.transform(Number),
      v.number(MESSAGES.limit),
      v.integer(MESSAGES.limit),
      v.minValue(1, MESSAGES.limit),
      v.maxValue(MAX_PAGE, MESSAGES.limit),
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

const rosterAnswer = v.object({
  rosterVersion: count('Grows with every change'),
  servers: v.array(v.object({ ...serverEntries, status, ...usage })),
  next: v.exactOptional(v.pipe(v.string(), v.description('There is more: ask again with `after` set to this'))),
});

const appsAnswer = v.object({
  rosterVersion: count('Grows with every change'),
  apps: v.array(v.object({ app: v.string(), worlds: count('Worlds'), servers: count('Servers'), ...usage })),
});

const worldsAnswer = v.object({
  rosterVersion: count('Grows with every change'),
  app: v.string(),
  worlds: v.array(v.object({ world: v.string(), groups: v.array(v.string()), servers: count('Servers'), ...usage })),
});

const keySetAnswer = v.object({
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

const healthAnswer = v.object({ status: v.literal('ok') });

interface RouteSchemas {
  readonly body?: v.GenericSchema;
  readonly query?: v.GenericSchema;
  readonly answer: v.GenericSchema;
}

/** Of each route: what comes in, and the body of success. */
export const SCHEMAS = {
  assign: { body: assignmentRequest, answer: assignmentAnswer },
  release: { answer: releaseAnswer },
  apps: { answer: appsAnswer },
  worlds: { answer: worldsAnswer },
  servers: { query: rosterQuery, answer: rosterAnswer },
  report: { body: reportRequest, answer: reportAnswer },
  keys: { answer: keySetAnswer },
  health: { answer: healthAnswer },
} as const satisfies Record<string, RouteSchemas>;

type Answer<T> = T extends object ? { readonly [K in keyof T]: Answer<T[K]> } : T;

export type AssignmentRequest = v.InferOutput<typeof assignmentRequest>;
export type ReportRequest = v.InferOutput<typeof reportRequest>;
export type ReleaseAnswer = Answer<v.InferOutput<typeof releaseAnswer>>;
export type ReportAnswer = Answer<v.InferOutput<typeof reportAnswer>>;
export type RosterQuery = v.InferOutput<typeof rosterQuery>;
export type AssignmentAnswer = Answer<v.InferOutput<typeof assignmentAnswer>>;
export type ServerAnswer = Answer<v.InferOutput<typeof serverAnswer>>;
export type RosterAnswer = Answer<v.InferOutput<typeof rosterAnswer>>;
export type AppsAnswer = Answer<v.InferOutput<typeof appsAnswer>>;
export type WorldsAnswer = Answer<v.InferOutput<typeof worldsAnswer>>;
