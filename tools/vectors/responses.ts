import { encodeResponse } from '../../core/wire/encode-response.ts';
import { paginateLobby } from '../../core/wire/lobby-page.ts';
import type { ResponseFields } from '../../core/wire/packet.ts';
import { paginateRoster, type RosterEntry } from '../../core/wire/roster-page.ts';
import { toJsonFields } from '../../test/support/wire-vectors.ts';
import { bytes, counting, hex, ip, NONCE, ticketLike, wireIp } from './bytes.ts';

const SERVER = 'i-0123456789abcdef0.0';
const KEEPALIVE = { intervalSeconds: 20, transmissions: 10, timeoutMs: 700 };
const ALTERNATES = [
  { address: wireIp('198.51.100.1'), gamePort: 7777, probePort: 7000 },
  { address: wireIp('2001:db8::2'), gamePort: 7778, probePort: 7001 },
];
const PORTS = [
  { role: 0, port: 7777 },
  { role: 1, port: 7000 },
];
const ASSIGNMENT = { ticket: ticketLike(512), server: SERVER, ports: PORTS, keepalive: KEEPALIVE };

function aResponse(fields: Partial<ResponseFields>): ResponseFields {
  return { address: wireIp('203.0.113.9'), nonce: NONCE, ...fields };
}

function vector(name: string, fields: Partial<ResponseFields>): object {
  const response = aResponse(fields);
  const encoded = encodeResponse(response, { maxBytes: 1_200 });
  if (!encoded.ok) throw new Error(`${name}: ${encoded.code}`);
  return { name, fields: toJsonFields(response), hex: hex(encoded.bytes) };
}

/** What is left out at `maxBytes`: `given` is written as `hex`, which reads as `fields`; null: it cannot be written. */
function bounded(
  name: string,
  maxBytes: number,
  given: Partial<ResponseFields>,
  fields?: Partial<ResponseFields>,
): object {
  const encoded = encodeResponse(aResponse(given), { maxBytes });
  if (encoded.ok !== (fields !== undefined)) throw new Error(`${name}: unexpectedly ${encoded.ok}`);
  return {
    name,
    maxBytes,
    given: toJsonFields(aResponse(given)),
    fields: fields ? toJsonFields(aResponse(fields)) : null,
    hex: encoded.ok ? hex(encoded.bytes) : null,
  };
}

function lenient(name: string, fields: Partial<ResponseFields>, options: string): object {
  const body = bytes(`ffff ${hex(wireIp('203.0.113.9'))} 01 0008 ${hex(NONCE)} ${options}`);
  const size = (body.length + 2).toString(16).padStart(4, '0');
  return { name, readOnly: true, fields: toJsonFields(aResponse(fields)), hex: size + hex(body) };
}

function boundedVectors(): object[] {
  const whole = { ...ASSIGNMENT, otherAddress: wireIp('2001:db8::9'), alternates: ALTERNATES };
  const { alternates: _, ...withoutAlternates } = whole;
  const error = { code: 4, retryAfterMs: 0, reason: 'pad the request to 1,200 bytes' };
  // 31 head, 515 ticket, 24 server, 9 ports, 19 other-address, 9 keepalive, 43 alternates.
  return [
    bounded('all of it fits', 650, whole, whole),
    bounded('left out first: the second alternate', 649, whole, { ...whole, alternates: ALTERNATES.slice(0, 1) }),
    bounded('then the first', 629, whole, withoutAlternates),
    bounded('then other-address', 606, whole, ASSIGNMENT),
    bounded('the rest just fits', 588, whole, ASSIGNMENT),
    bounded('nothing else is left out', 587, whole),
    bounded(
      'the text of an error is left out',
      60,
      { address: ip('::'), error },
      { address: ip('::'), error: { ...error, reason: '' } },
    ),
    bounded('an error without text needs 40 bytes', 39, { address: ip('::'), error }),
  ];
}

function pageVectors(): object[] {
  const entry: RosterEntry = {
    id: SERVER,
    state: 'ready',
    suspect: false,
    sessions: 12,
    capacity: 64,
    free: 50,
    group: 'eu-west-1',
    ipv4: ip('203.0.113.9'),
    ports: PORTS,
  };
  const entries: RosterEntry[] = [
    entry,
    { ...entry, id: 'b', state: 'draining', sessions: 64, free: 0, ipv6: ip('2001:db8::2') },
    {
      ...entry,
      id: 'c',
      state: 'starting',
      suspect: true,
      group: 'us-east-1',
      ipv4: undefined,
      ipv6: ip('2001:db8::3'),
    },
    { ...entry, id: 'd', state: 'gone', group: '', ipv4: undefined, ports: [] },
  ];
  const many = Array.from({ length: 40 }, (_, index) => ({ ...entry, id: `i-0123456789abcdef0.${index}` }));
  const lobby = { version: 3, app: 'arena', world: 'red', sessions: 2, capacity: 64 };
  const participants = [
    { name: 'Ada', info: 'team=1' },
    { name: 'Žofie', info: '' },
  ];
  const none = { address: ip('::') };
  return [
    vector('the roster page of the document', {
      ...none,
      rosterPage: { version: 0x01020304, page: 0, pages: 1, entries: [entry] },
    }),
    vector('a roster page', { ...none, rosterPage: { version: 7, page: 0, pages: 1, entries } }),
    vector('a roster without servers', { ...none, rosterPage: paginateRoster(0xfedcba98, [])[0] }),
    ...paginateRoster(8, many).map((rosterPage) =>
      vector(`page ${rosterPage.page} of a roster of 40 servers`, { ...none, rosterPage }),
    ),
    vector('a lobby page', { lobbyPage: paginateLobby({ ...lobby, description: '{"map":"dust"}', participants })[0] }),
    vector('a lobby without a world, a description and participants', {
      lobbyPage: paginateLobby({ ...lobby, world: '', sessions: 0, description: '', participants: [] })[0],
    }),
    lenient(
      'fields that a later version added to a roster entry, and a state that it invented',
      {
        rosterPage: {
          version: 1,
          page: 0,
          pages: 1,
          entries: [
            { id: 'a', state: 'gone', suspect: false, sessions: 1, capacity: 2, free: 1, group: '', ports: [] },
          ],
        },
      },
      '87 001c 00000001 0000 0001 13 01 61 0e 00000001 00000002 00000001 00 00 beef',
    ),
  ];
}

export function responseVectors(): object {
  const error = (code: number, retryAfterMs: number, reason: string) => ({
    address: ip('::'),
    error: { code, retryAfterMs, reason },
  });
  return {
    about:
      'Extended responses. `fields` read from `hex` and, unless `readOnly`, written to it in ascending order. With `maxBytes`, `given` is what the writer starts from.',
    vectors: [
      vector('the example of the document', { server: 'i-1.0', ports: PORTS, keepalive: KEEPALIVE }),
      vector('an assignment with its ticket', ASSIGNMENT),
      vector('in both families, with two alternates', {
        ...ASSIGNMENT,
        otherAddress: wireIp('2001:db8::9'),
        alternates: ALTERNATES,
      }),
      vector('the longest ticket and id', { ...ASSIGNMENT, ticket: ticketLike(760), server: 's'.repeat(24) }),
      vector('16 ports', {
        server: SERVER,
        ports: Array.from({ length: 16 }, (_, index) => ({ role: 240 + index, port: 65_520 + index })),
      }),
      vector('a keepalive that finds its server well', { server: SERVER, keepalive: KEEPALIVE }),
      vector('moving, and where to', { ...ASSIGNMENT, movingMs: 120_000 }),
      vector('moving, and the keepalive is too short to say where to', { address: ip('::'), movingMs: 0xffffffff }),
      vector('a cookie is required', { ...error(9, 0, ''), cookie: counting(20) }),
      vector('full, with a wait token', { ...error(1, 5_000, 'the pool is full'), wait: ticketLike(250) }),
      ...[2, 3, 4, 5, 6, 7, 8].map((code) => vector(`error ${code}`, error(code, 1_000 * code, ''))),
      vector('an error of a later version, with 64 bytes of text', error(0xabcd, 0xffffffff, 'é'.repeat(32))),
      ...pageVectors(),
      ...boundedVectors(),
      lenient('options that are not in the table', { server: 'a' }, 'f0 0002 beef 81 0001 61'),
      lenient('an option of requests is skipped, whatever its size', { server: 'a' }, '02 0000 81 0001 61'),
      lenient('nothing known but the mark of a response', {}, '80 0000'),
      lenient(
        'a role named twice: the first counts',
        {
          ports: [
            { role: 0, port: 1 },
            { role: 0, port: 2 },
          ],
        },
        '82 0006 000001 000002',
      ),
    ],
  };
}
