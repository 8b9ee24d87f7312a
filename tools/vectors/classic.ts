import { formatAddress } from '../../core/wire/address.ts';
import { encodeClassic } from '../../core/wire/classic-packet.ts';
import { encodeRequest } from '../../core/wire/encode-request.ts';
import { hex, ip, NONCE, wireIp } from './bytes.ts';

const ADDRESS_TEXTS = [
  '0.0.0.0',
  '192.168.1.7',
  '255.255.255.255',
  '::',
  '::1',
  '1::',
  '2001:DB8::00ff',
  '2001:db8:0:0:1:0:0:1',
  '2001:db8:0:1:1:1:1:1',
  '1:2:3:4:5:6:7::',
  '::2:3:4:5:6:7:8',
  '::ffff:192.0.2.33',
  '::FFFF:c000:221',
  '64:ff9b::192.0.2.33',
  'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
];

const NO_ADDRESSES = [
  '',
  '1',
  '1.2.3',
  '1.2.3.4.5',
  '1.2.3.256',
  '01.2.3.4',
  '1.2.3.4 ',
  '1.2.3.0x4',
  ':',
  ':::',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7:8::',
  '1::2::3',
  '12345::',
  'g::',
  '::1.2.3',
  '1.2.3.4::',
  '::1.2.3.4:5',
  'fe80::1%eth0',
  '[::1]',
];

export function addressVectors(): object {
  return {
    about: 'Addresses as text: `text` reads as `hex`, which is written as `canonical` (RFC 5952). `invalid` are none.',
    vectors: ADDRESS_TEXTS.map((text) => ({ text, hex: hex(ip(text)), canonical: formatAddress(ip(text)) })),
    invalid: NO_ADDRESSES,
  };
}

export function classicVectors(): object {
  const make = (name: string, text: string, type = 0xffff) => {
    const address = ip(text);
    return {
      name,
      type,
      family: address.length === 4 ? 4 : 6,
      address: hex(address),
      hex: hex(encodeClassic(address, type)),
    };
  };
  return {
    about: 'Classic packets (docs/PROTOCOL.md, section 1), as requests and as responses.',
    vectors: [
      make('the IPv4 request of the document', '192.168.1.7'),
      make('an IPv4 response', '203.0.113.9'),
      make('IPv4: no server can be given', '0.0.0.0'),
      make('an IPv6 request', '2001:db8::7'),
      make('IPv6: no server can be given', '::'),
      make('an IPv6 packet whose address is a mapped one stays IPv6', '::ffff:192.0.2.33'),
      make('a deployment with a type of its own', '192.168.1.7', 0x4f44),
    ],
  };
}

export function framingVectors(): object {
  const four = hex(encodeClassic(ip('192.168.1.7')));
  const six = hex(encodeClassic(ip('2001:db8::7')));
  const extended = hex(encodeRequest({ address: wireIp('192.168.1.7'), nonce: NONCE, app: 'arena' }));
  return {
    about:
      'Packets in a TCP stream: after the `chunks` the `packets` have come out; with a `reason` the connection closes.',
    vectors: [
      { name: 'one packet in one chunk', chunks: [four], packets: [four] },
      { name: 'three packets in one chunk', chunks: [four + extended + six], packets: [four, extended, six] },
      { name: 'Length cut in two', chunks: [four.slice(0, 2), four.slice(2)], packets: [four] },
      {
        name: 'the end of one and the start of the next',
        chunks: [extended.slice(0, 40), extended.slice(40) + six.slice(0, 2), six.slice(2)],
        packets: [extended, six],
      },
      { name: 'a packet without its end', chunks: [four + extended.slice(0, 60)], packets: [four] },
      { name: 'a Length below 8', chunks: [`${four}0007ffff`], packets: [four], reason: 'short' },
      { name: 'a Length above 1,200', chunks: ['04b1'], packets: [], reason: 'long' },
      { name: 'another protocol', chunks: [hex(Buffer.from('GET / HTTP/1.1\r\n'))], packets: [], reason: 'long' },
      { name: 'a Length that no packet has', chunks: [`${four}001effff`], packets: [four], reason: 'length-invalid' },
      { name: 'nothing comes out after a fault', chunks: ['0009', four], packets: [], reason: 'length-invalid' },
    ],
  };
}
