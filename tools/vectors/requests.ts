import { encodeForward, encodeRequest } from '../../core/wire/encode-request.ts';
import { FORWARD, REPORT, type RequestFields, WANT } from '../../core/wire/packet.ts';
import { toJsonFields } from '../../test/support/wire-vectors.ts';
import { bytes, counting, hex, NONCE, ticketLike, wireIp } from './bytes.ts';

const SERVER = 'i-0123456789abcdef0.0';

function aRequest(fields: Partial<RequestFields>): RequestFields {
  return { address: wireIp('192.168.1.7'), nonce: NONCE, ...fields };
}

/** `padTo` 0: no padding. */
function vector(name: string, fields: Partial<RequestFields>, padTo = 0): object {
  const request = aRequest(fields);
  return { name, padTo, fields: toJsonFields(request), hex: hex(encodeRequest(request, { padTo })) };
}

const FORWARDED = { address: wireIp('198.51.100.20'), port: 40_000, flags: FORWARD.answer | FORWARD.note, room: 800 };

function forwardVector(): object {
  const request = { ...aRequest({ app: 'arena', client: bytes('c0ffee') }), pick: SERVER };
  const { packet, signed } = encodeForward(request, FORWARDED);
  const signature = counting(64, 0x80);
  packet.set(signature, signed.length);
  return {
    name: 'a forward: the last option, its signature (here a pattern) over all bytes before it',
    padTo: 0,
    fields: toJsonFields({ ...request, forward: { ...FORWARDED, signature } }),
    signedBytes: signed.length,
    hex: hex(packet),
  };
}

/** Bytes that no writer of this version sends but that every reader has to take. */
function lenient(name: string, fields: Partial<RequestFields>, options: string): object {
  const body = bytes(`ffff ${hex(wireIp('192.168.1.7'))} ${options}`);
  const size = (body.length + 2).toString(16).padStart(4, '0');
  return { name, readOnly: true, fields: toJsonFields(aRequest(fields)), hex: size + hex(body) };
}

export function requestVectors(): object {
  const nonce = `01 0008 ${hex(NONCE)}`;
  return {
    about:
      'Extended requests. `fields` read from `hex` and, unless `readOnly`, written to it: options in ascending order, padding to `padTo` last. Bytes are hex, text is text.',
    vectors: [
      vector('nothing but the nonce: 31 bytes, the least', {}),
      vector('the example of the document', { app: 'arena', client: bytes('c0ffee') }),
      vector('the same padded to 64', { app: 'arena', client: bytes('c0ffee') }, 64),
      vector('a keepalive padded to 96', { client: bytes('c0ffee') }, 96),
      vector(
        'a request to the door padded to 800',
        { app: 'arena', world: 'red', group: 'eu-west-1', client: counting(32) },
        800,
      ),
      vector('padded to the most', {}, 1_200),
      vector('one byte is missing: the header of the padding overshoots by two', {}, 32),
      vector('IPv6 is asked for', { address: wireIp('2001:db8::7'), app: 'arena' }),
      vector('an IPv4 answer for a client that does not know its address', { address: wireIp('0.0.0.0') }),
      vector('names beyond ASCII', { app: 'Žižkov', world: '日本', group: '😀' }),
      vector('a byte order mark is part of the text', { app: '\ufeffarena' }),
      vector('a keepalive with its ticket', { client: bytes('c0ffee'), ticket: ticketLike(480) }),
      vector('the longest ticket', { ticket: ticketLike(760) }),
      vector('failover: servers to avoid, and a report', {
        avoid: [SERVER, 'b'],
        report: REPORT.silent,
        ticket: ticketLike(480),
      }),
      vector('three servers to avoid', { avoid: ['a', 'b'.repeat(24), 'c'] }),
      vector('an echoed cookie', { cookie: counting(20) }),
      vector('page 258 of the roster', { want: WANT.roster, page: 258 }),
      vector('the lobby; direct answers do not arrive', { want: WANT.lobby | WANT.noDirectAnswer }),
      vector('a wait token', { wait: ticketLike(250) }),
      vector('the server that the client chose', { pick: SERVER }),
      vector('a seat goes back', { leave: true, ticket: ticketLike(480) }),
      forwardVector(),
      lenient('options in any order', { app: 'arena', world: 'red' }, `03 0003 726564 02 0005 6172656e61 ${nonce}`),
      lenient('options that are not in the table', { app: 'a' }, `7f 0002 beef ${nonce} 10 0000 02 0001 61`),
      lenient('padding first, and not of zeroes', {}, `00 0003 aabbcc ${nonce}`),
      lenient('bits and reasons of a later version', { want: 0xf8, report: 9 }, `${nonce} 09 0001 f8 0a 0001 09`),
      lenient(
        '16 options',
        { app: 'a' },
        `${nonce} 02 0001 61 ${Array.from({ length: 14 }, (_, index) => `5${index.toString(16)} 0000`).join(' ')}`,
      ),
    ],
  };
}
