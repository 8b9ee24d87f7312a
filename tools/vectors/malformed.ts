import { DROP_REASONS, type DropReason } from '../../core/wire/drop-reasons.ts';
import { bytes, hex, NONCE, wireIp } from './bytes.ts';

const ADDRESS = hex(wireIp('192.168.1.7'));
const NONCE_OPTION = `01 0008 ${hex(NONCE)}`;

/** Where a reader stands: what it expects and, for requests, from which port the packet came. */
interface Reader {
  readonly expect?: 'request' | 'response';
  readonly sourcePort?: number;
}

const PROBE_PORTS = [7000, 7001];

function vector(reason: DropReason, name: string, packet: string, reader: Reader = {}): object {
  const { expect = 'request', sourcePort } = reader;
  const from = sourcePort === undefined ? {} : { sourcePort, probePorts: PROBE_PORTS };
  return { number: DROP_REASONS.indexOf(reason) + 1, reason, name, expect, ...from, hex: hex(bytes(packet)) };
}

/** An extended packet with a right Length. */
function extended(options: string, type = 'ffff'): string {
  const body = hex(bytes(`${type} ${ADDRESS} ${options}`));
  return (body.length / 2 + 2).toString(16).padStart(4, '0') + body;
}

function option(code: string, value: string): string {
  const size = bytes(value).length.toString(16).padStart(4, '0');
  return `${code} ${size} ${value}`;
}

function unknownOptions(count: number): string {
  return Array.from({ length: count }, (_, index) => `5${index.toString(16)} 0000`).join(' ');
}

function headerVectors(): object[] {
  return [
    vector('short', 'no bytes', ''),
    vector('short', 'seven bytes', '0007ffffc0a801'),
    vector('short', 'seven bytes that say they are eight', '0008ffffc0a801'),
    vector('long', '1,201 bytes', extended(`${NONCE_OPTION} ${option('40', '00'.repeat(1_167))}`)),
    vector(
      'long',
      'too long, and of a wrong type',
      extended(`${NONCE_OPTION} ${option('40', '00'.repeat(1_200))}`, '1234'),
    ),
    vector('length-mismatch', 'a Length above the size', '0009ffffc0a80107'),
    vector('length-mismatch', 'a Length below the size', '0008ffffc0a8010700'),
    vector('length-mismatch', 'Length in the other byte order', '0800ffffc0a80107'),
    vector('length-mismatch', 'neither Length nor type', '00091234c0a80107'),
    vector('length-invalid', 'nine bytes', '0009ffffc0a8010700'),
    vector('length-invalid', '30 bytes: no room for a nonce', extended('02 0007 6172656e616161')),
    vector('length-invalid', 'neither a size of a packet nor the type', '00091234c0a8010700'),
    vector('wrong-type', 'classic', '0008fffec0a80107'),
    vector('wrong-type', 'extended, with an option past the end', extended(`${NONCE_OPTION} 02 0009 61`, '0000')),
  ];
}

function structureVectors(): object[] {
  const app = option('02', '6172656e61');
  return [
    vector('option-past-end', 'a value past the end', extended(`${NONCE_OPTION} 02 0002 61`)),
    vector('option-past-end', 'a code without a length', extended(`${NONCE_OPTION} 02`)),
    vector('option-past-end', 'half a length', extended(`${NONCE_OPTION} 02 00`)),
    vector('option-past-end', 'a length of 65,535', extended(`${NONCE_OPTION} 02 ffff 61`)),
    vector(
      'option-past-end',
      'past the end, after 17 options',
      extended(`${NONCE_OPTION} ${unknownOptions(16)} 02 0001`),
    ),
    vector('too-many-options', '17 options', extended(`${NONCE_OPTION} ${unknownOptions(16)}`)),
    vector('too-many-options', 'too many, and all the same', extended(`${NONCE_OPTION} ${'02 0001 61 '.repeat(16)}`)),
    vector('option-repeated', 'an app twice', extended(`${NONCE_OPTION} ${app} ${app}`)),
    vector('option-repeated', 'a nonce twice', extended(`${NONCE_OPTION} ${NONCE_OPTION}`)),
    vector('option-repeated', 'one that is not in the table', extended(`${NONCE_OPTION} 60 0000 ${app} 60 0000`)),
    vector('option-repeated', 'repeated, and of a wrong size', extended(`${NONCE_OPTION} 09 0000 ${app} ${app}`)),
  ];
}

/** Code, direction and a value of a wrong size. */
const WRONG_SIZES: readonly (readonly [name: string, code: string, value: string])[] = [
  ['an empty app', '02', ''],
  ['an app of 33 bytes', '02', '61'.repeat(33)],
  ['a world of 33 bytes', '03', '61'.repeat(33)],
  ['a group of 33 bytes', '04', '61'.repeat(33)],
  ['an empty client', '05', ''],
  ['a client of 33 bytes', '05', '61'.repeat(33)],
  ['an empty ticket', '06', ''],
  ['a ticket of 761 bytes', '06', '61'.repeat(761)],
  ['nobody to avoid', '07', ''],
  ['an empty id to avoid', '07', '01 61 00'],
  ['an id to avoid past the value', '07', '03 61 62'],
  ['four servers to avoid', '07', '01 61 01 62 01 63 01 64'],
  ['a cookie of 19 bytes', '08', '00'.repeat(19)],
  ['want of two bytes', '09', '0000'],
  ['a report of two bytes', '0a', '0000'],
  ['a wait token of 401 bytes', '0b', '61'.repeat(401)],
  ['a page of one byte', '0c', '00'],
  ['a pick of 25 bytes', '0d', '61'.repeat(25)],
  ['a leave with a value', '0e', '00'],
  ['a forward of 84 bytes', '0f', '00'.repeat(84)],
];

const WRONG_SIZES_IN_RESPONSES: readonly (readonly [name: string, code: string, value: string])[] = [
  ['an empty server id', '81', ''],
  ['a server id of 25 bytes', '81', '61'.repeat(25)],
  ['no ports', '82', ''],
  ['a port cut short', '82', '00 1e'],
  ['17 ports', '82', '000001'.repeat(17)],
  ['another address of 4 bytes', '83', 'cb007109'],
  ['keepalive of 5 bytes', '84', '00'.repeat(5)],
  ['an alternate cut short', '85', '00'.repeat(19)],
  ['three alternates', '85', '00'.repeat(60)],
  ['moving of 3 bytes', '86', '000000'],
  ['a roster page without its head', '87', '00'.repeat(7)],
  ['a roster entry past the page', '87', '00000001 0000 0001 12 01 61 01 00000001 00000002 00000001 00 00'],
  [
    'a first roster entry with the group of the one before',
    '87',
    '00000001 0000 0001 11 01 61 01 00000001 00000002 00000001 ff 00',
  ],
  ['a roster entry of no bytes', '87', '00000001 0000 0001 00'],
  ['a lobby page without its head', '88', '00'.repeat(20)],
  ['a participant past the page', '88', '00000001 0000 0001 00000001 00000004 01 61 00 0000 04 01 62 00'],
  ['an error of 5 bytes', 'e0', '00'.repeat(5)],
  ['an error with 65 bytes of text', 'e0', `000100000000 ${'61'.repeat(65)}`],
];

const NOT_UTF8: readonly (readonly [name: string, value: string])[] = [
  ['a byte that starts nothing', 'ff'],
  ['a continuation without a start', '80'],
  ['a character cut short', 'c3'],
  ['an overlong slash', 'c0af'],
  ['an overlong character of three bytes', 'e080af'],
  ['an overlong character of four bytes', 'f08080af'],
  ['half a surrogate pair', 'eda080'],
  ['above U+10FFFF', 'f4908080'],
  ['ISO 8859-1', '61e962'],
];

function valueVectors(): object[] {
  const sizes = WRONG_SIZES.map(([name, code, value]) =>
    vector('value-size', name, extended(`${NONCE_OPTION} ${option(code, value)}`)),
  );
  const inResponses = WRONG_SIZES_IN_RESPONSES.map(([name, code, value]) =>
    vector('value-size', name, extended(`${NONCE_OPTION} ${option(code, value)}`), { expect: 'response' }),
  );
  const texts = NOT_UTF8.map(([name, value]) =>
    vector('not-utf8', name, extended(`${NONCE_OPTION} ${option('02', value)}`)),
  );
  return [
    vector('value-size', 'a nonce of 7 bytes', extended('01 0007 01020304050607 40 0001 00')),
    ...sizes,
    ...inResponses,
    vector('value-size', 'a wrong size after a text that is not UTF-8', extended(`${NONCE_OPTION} 02 0001 ff 09 0000`)),
    ...texts,
    vector('not-utf8', 'in the reason of an error', extended(`${NONCE_OPTION} e0 0007 0001 00000000 ff`), {
      expect: 'response',
    }),
    vector('not-utf8', 'not UTF-8, and no nonce', extended('02 0008 616161616161 61ff')),
  ];
}

export function malformedVectors(): object {
  const forward = option('0f', '00'.repeat(85));
  const server = option('81', '61');
  return {
    about:
      'Packets that get no answer, with item `number` and `reason` of docs/PROTOCOL.md section 3: a packet with several faults has the earliest. `expect` is what the reader waits for; `probePorts` are the deployment’s.',
    vectors: [
      ...headerVectors(),
      ...structureVectors(),
      ...valueVectors(),
      vector('no-nonce', 'a request', extended('02 000b 6172656e61206172656e61')),
      vector('no-nonce', 'a response at a reader of requests', extended(option('81', '61'.repeat(20)))),
      vector('wrong-role', 'a response at a reader of requests', extended(`${NONCE_OPTION} ${server}`)),
      vector('wrong-role', 'an option of 0x80 that is not in the table', extended(`${NONCE_OPTION} 80 0000`)),
      vector('wrong-role', 'a response from a probe port', extended(`${NONCE_OPTION} ${server}`), { sourcePort: 7000 }),
      vector('wrong-role', 'a request at a reader of responses', extended(NONCE_OPTION), { expect: 'response' }),
      vector('probe-port', 'a classic request', '0008ffffc0a80107', { sourcePort: 7000 }),
      vector('probe-port', 'an extended request', extended(NONCE_OPTION), { sourcePort: 7001 }),
      vector(
        'probe-port',
        'a forward that is not last, from a probe port',
        extended(`${NONCE_OPTION} ${forward} 40 0000`),
        {
          sourcePort: 7001,
        },
      ),
      vector('forward-not-last', 'an option after the signature', extended(`${NONCE_OPTION} ${forward} 00 0001 00`)),
    ],
  };
}
