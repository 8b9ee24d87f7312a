#!/usr/bin/env python3
"""Passes test/vectors with the Python reader and writer: check_vectors.py [DIRECTORY]. Exit code 1 if any differs."""
import ipaddress
import json
import pathlib
import sys

sys.dont_write_bytecode = True  # nothing but sources in this folder

from onedoor_wire import REASONS, Dropped, frames, read, write, write_bounded

DIRECTORY = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent / 'vectors')
counts, failures = {}, []


def load(name):
    return json.loads((DIRECTORY / f'{name}.json').read_text(encoding='utf-8'))


def check(file, name, actual, expected):
    counts[file] = counts.get(file, 0) + 1
    if actual != expected:
        failures.append(f'{file}: {name}: got {str(actual)[:200]}, not {str(expected)[:200]}')


def reason_of(vector):
    try:
        read(bytes.fromhex(vector['hex']), vector['expect'], source_port=vector.get('sourcePort'),
             probe_ports=vector.get('probePorts', ()))
    except Dropped as dropped:
        return dropped.number, dropped.args[0]
    return None


def is_address(text):
    try:
        return '%' not in text and bool(ipaddress.ip_address(text))
    except ValueError:
        return False


def number(text):
    address = ipaddress.ip_address(text)
    return int(getattr(address, 'ipv4_mapped', None) or address)


def stateless(vector):
    source, service, count = vector['source'], vector['service'], vector['servers']
    total = number(source['address']) + number(service['address']) + service['port']
    if vector['policy'] == 'stateless-5':
        total += source['port'] + source['protocol']
    order = [(total + step) % count for step in range(count)]
    return next((index for index in order if index not in vector['closed']), -1)


for v in load('addresses')['vectors']:
    check('addresses', v['text'], ipaddress.ip_address(v['text']).packed.hex(), v['hex'])
    if not v['canonical'].startswith('::ffff:'):
        check('addresses', v['canonical'], str(ipaddress.ip_address(v['text'])), v['canonical'])
for text in load('addresses')['invalid']:
    check('addresses', repr(text), is_address(text), False)
for v in load('classic')['vectors']:
    packet = (4 + len(v['address']) // 2).to_bytes(2, 'big') + v['type'].to_bytes(2, 'big') + bytes.fromhex(v['address'])
    check('classic', v['name'], packet.hex(), v['hex'])
    for role in ('request', 'response'):
        expected = {'family': v['family'], 'address': v['address']}
        check('classic', v['name'], read(packet, role, kind=v['type']), expected)
for v in load('requests')['vectors']:
    check('requests', v['name'], read(bytes.fromhex(v['hex']), 'request'), v['fields'])
    if 'readOnly' not in v:
        check('requests', v['name'], write(v['fields'], v['padTo']).hex(), v['hex'])
for v in load('responses')['vectors']:
    if v['hex'] is not None:
        check('responses', v['name'], read(bytes.fromhex(v['hex']), 'response'), v['fields'])
    if 'readOnly' not in v:
        packet = write_bounded(v.get('given', v['fields']), v.get('maxBytes', 1200))
        check('responses', v['name'], packet and packet.hex(), v['hex'])
for v in load('malformed')['vectors']:
    check('malformed', v['name'], reason_of(v), (v['number'], v['reason']))
check('malformed', 'all reasons', {v['reason'] for v in load('malformed')['vectors']}, set(REASONS))
for v in load('framing')['vectors']:
    packets, reason = frames([bytes.fromhex(chunk) for chunk in v['chunks']])
    check('framing', v['name'], ([packet.hex() for packet in packets], reason), (v['packets'], v.get('reason')))
for v in load('select')['stateless']:
    check('select', v['name'], stateless(v), v['expect'])

print(json.dumps({'checks': counts, 'failures': len(failures)}))
for failure in failures:
    print(failure, file=sys.stderr)
sys.exit(1 if failures else 0)
