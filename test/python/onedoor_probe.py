#!/usr/bin/env python3
"""Asks a door for a server, by a classic and by an extended request (docs/PROTOCOL.md)."""
import argparse, ipaddress, os, socket, struct, sys

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument('host', help='address of the door')
parser.add_argument('port', type=int)
parser.add_argument('--tcp', action='store_true')
parser.add_argument('--app', default='')
args = parser.parse_args()
v6 = ':' in args.host

def exchange(body):
    kind = socket.SOCK_STREAM if args.tcp else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, kind) as door:
        door.settimeout(2)
        door.connect((args.host, args.port))
        door.sendall(struct.pack('>HH', 4 + len(body), 0xFFFF) + body)
        reply = door.recv(1200)
        while args.tcp and len(reply) < max(2, int.from_bytes(reply[:2], 'big')):
            reply += door.recv(1200) or sys.exit('the door closed the connection')
        return reply

print('classic', ipaddress.ip_address(exchange(bytes(16 if v6 else 4))[4:]))

nonce, app = os.urandom(8), args.app.encode()
body = (bytes(16) if v6 else bytes(10) + b'\xff\xff' + bytes(4)) + struct.pack('>BH', 1, 8) + nonce
body += struct.pack('>BH', 2, len(app)) + app if app else b''
room = 0 if args.tcp else 800 - 4 - len(body) - 3
reply = exchange(body + (struct.pack('>BH', 0, room) + bytes(room) if room else b''))
address, options, at = ipaddress.ip_address(reply[4:20]), {}, 20
while at < len(reply):
    code, size = struct.unpack_from('>BH', reply, at)
    options[code], at = reply[at + 3:at + 3 + size], at + 3 + size
if options.get(1) != nonce:
    sys.exit('not the answer to this request')
if 0xE0 in options:
    sys.exit('error %d, again after %d ms' % struct.unpack_from('>HI', options[0xE0]))
print('extended', address.ipv4_mapped or address)
print('server', options.get(0x81, b'').decode(), 'ticket', len(options.get(6, b'')), 'bytes')
print('ports', *('%d:%d' % pair for pair in struct.iter_unpack('>BH', options.get(0x82, b''))))
