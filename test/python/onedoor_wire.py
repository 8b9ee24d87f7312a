"""A reader and a writer of the probe protocol, written from docs/PROTOCOL.md alone. Fields are named as in test/vectors."""
import struct

REASONS = ['short', 'long', 'length-mismatch', 'length-invalid', 'wrong-type', 'option-past-end', 'too-many-options',
           'option-repeated', 'value-size', 'not-utf8', 'no-nonce', 'wrong-role', 'probe-port', 'forward-not-last']
# code: (name, in a response too, least, most, kind)
OPTIONS = {
    0x01: ('nonce', True, 8, 8, 'hex'), 0x02: ('app', False, 1, 32, 'text'), 0x03: ('world', False, 1, 32, 'text'),
    0x04: ('group', False, 1, 32, 'text'), 0x05: ('client', False, 1, 32, 'hex'), 0x06: ('ticket', True, 1, 760, 'text'),
    0x07: ('avoid', False, 2, 75, 'avoid'), 0x08: ('cookie', True, 20, 20, 'hex'), 0x09: ('want', False, 1, 1, 'int'),
    0x0A: ('report', False, 1, 1, 'int'), 0x0B: ('wait', True, 1, 400, 'text'), 0x0C: ('page', False, 2, 2, 'int'),
    0x0D: ('pick', False, 1, 24, 'text'), 0x0E: ('leave', False, 0, 0, 'true'),
    0x0F: ('forward', False, 85, 85, 'forward'), 0x00: ('padding', False, 0, 1166, None),
    0x81: ('server', True, 1, 24, 'text'), 0x82: ('ports', True, 3, 48, 'ports'),
    0x83: ('otherAddress', True, 16, 16, 'hex'), 0x84: ('keepalive', True, 6, 6, 'keepalive'),
    0x85: ('alternates', True, 20, 40, 'alternates'), 0x86: ('movingMs', True, 4, 4, 'int'),
    0x87: ('rosterPage', True, 8, 1166, 'roster'), 0x88: ('lobbyPage', True, 21, 1166, 'lobby'),
    0xE0: ('error', True, 6, 70, 'error'),
}
STATES = ['starting', 'ready', 'draining', 'gone']


class Dropped(Exception):
    @property
    def number(self):
        return REASONS.index(self.args[0]) + 1


class Cursor:
    def __init__(self, data):
        self.data, self.at, self.bad_text = data, 0, False

    def take(self, size):
        if self.at + size > len(self.data):
            raise Dropped('value-size')
        self.at += size
        return self.data[self.at - size:self.at]

    def int(self, size):
        return int.from_bytes(self.take(size), 'big')

    def text(self, least, most, size=None):
        size = self.int(1) if size is None else size
        if not least <= size <= most:
            raise Dropped('value-size')
        try:
            return self.take(size).decode('utf-8')
        except UnicodeDecodeError:
            self.bad_text = True
            return ''

    def more(self):
        return self.at < len(self.data)


def read_roster(c):
    page = {'version': c.int(4), 'page': c.int(2), 'pages': c.int(2), 'entries': []}
    group = None
    while c.more():
        e = Cursor(c.take(c.int(1)))
        entry = {'id': e.text(1, 24)}
        status = e.int(1)
        entry['state'], entry['suspect'] = (STATES + ['gone'] * 12)[status & 15], status >= 0x80
        for name in ('sessions', 'capacity', 'free'):
            entry[name] = e.int(4)
        size = e.int(1)
        if size == 0xFF and group is None:
            raise Dropped('value-size')
        group = entry['group'] = group if size == 0xFF else e.text(0, 32, size)
        shape = e.int(1)
        if shape & 1:
            entry['ipv4'] = e.take(4).hex()
        if shape & 2:
            entry['ipv6'] = e.take(16).hex()
        entry['ports'] = [{'role': e.int(1), 'port': e.int(2)} for _ in range(shape >> 4)]
        page['entries'].append(entry)
        c.bad_text |= e.bad_text
    return page


def read_lobby(c):
    page = {'version': c.int(4), 'page': c.int(2), 'pages': c.int(2), 'sessions': c.int(4), 'capacity': c.int(4),
            'app': c.text(1, 32), 'world': c.text(0, 32), 'description': c.text(0, 512, c.int(2)), 'participants': []}
    while c.more():
        p = Cursor(c.take(c.int(1)))
        page['participants'].append({'name': p.text(1, 32), 'info': p.text(0, 64)})
        c.bad_text |= p.bad_text
    return page


def read_value(kind, c):
    rest = len(c.data)
    if kind == 'text':
        return c.text(0, rest, rest)
    if kind == 'hex':
        return c.take(rest).hex()
    if kind == 'int':
        return c.int(rest)
    if kind == 'true':
        return True
    if kind == 'roster':
        return read_roster(c)
    if kind == 'lobby':
        return read_lobby(c)
    if kind == 'keepalive':
        return {'intervalSeconds': c.int(2), 'transmissions': c.int(2), 'timeoutMs': c.int(2)}
    if kind == 'error':
        return {'code': c.int(2), 'retryAfterMs': c.int(4), 'reason': c.text(0, 64, rest - 6)}
    if kind == 'forward':
        return {'address': c.take(16).hex(), 'port': c.int(2), 'flags': c.int(1), 'room': c.int(2),
                'signature': c.take(64).hex()}
    values = []
    while c.more():
        if kind == 'avoid':
            values.append(c.text(1, 24))
        elif kind == 'ports':
            values.append({'role': c.int(1), 'port': c.int(2)})
        else:
            values.append({'address': c.take(16).hex(), 'gamePort': c.int(2), 'probePort': c.int(2)})
    if kind == 'avoid' and len(values) > 3:
        raise Dropped('value-size')
    return values


def read(packet, expect, kind=0xFFFF, source_port=None, probe_ports=()):
    """The fields of a packet; raises Dropped with the first reason that applies."""
    size = len(packet)
    if size < 8:
        raise Dropped('short')
    if size > 1200:
        raise Dropped('long')
    length, actual_kind = struct.unpack_from('>HH', packet)
    if length != size:
        raise Dropped('length-mismatch')
    if size not in (8, 20) and size < 31:
        raise Dropped('length-invalid')
    if actual_kind != kind:
        raise Dropped('wrong-type')
    if size <= 20:
        fields, last = {'family': 4 if size == 8 else 6, 'address': packet[4:].hex()}, None
    else:
        fields, last = read_extended(packet, expect)
    if expect == 'request' and source_port in probe_ports:
        raise Dropped('probe-port')
    if expect == 'request' and 'forward' in fields and last != 0x0F:
        raise Dropped('forward-not-last')
    return fields


def read_extended(packet, expect):
    options, at = [], 20
    while at < len(packet):
        if at + 3 > len(packet):
            raise Dropped('option-past-end')
        code, size = struct.unpack_from('>BH', packet, at)
        at += 3 + size
        if at > len(packet):
            raise Dropped('option-past-end')
        options.append((code, packet[at - size:at]))
    codes = [code for code, _ in options]
    if len(codes) > 16:
        raise Dropped('too-many-options')
    if len(set(codes)) < len(codes):
        raise Dropped('option-repeated')
    role = 'response' if any(code >= 0x80 for code in codes) else 'request'
    fields, bad_text = {'address': packet[4:20].hex()}, False
    for code, value in options:
        name, in_response, least, most, kind = OPTIONS.get(code, (None, False, 0, 65535, None))
        if name is None or (role == 'response' and not in_response):
            continue
        if not least <= len(value) <= most:
            raise Dropped('value-size')
        if kind:
            cursor = Cursor(value)
            fields[name] = read_value(kind, cursor)
            bad_text |= cursor.bad_text
    if bad_text:
        raise Dropped('not-utf8')
    if 'nonce' not in fields:
        raise Dropped('no-nonce')
    if role != expect:
        raise Dropped('wrong-role')
    return fields, codes[-1]


def short(text):
    data = text.encode()
    return bytes([len(data)]) + data


def write_ports(ports):
    return b''.join(struct.pack('>BH', p['role'], p['port']) for p in ports)


def write_roster(page):
    data, group = struct.pack('>IHH', page['version'], page['page'], page['pages']), None
    for e in page['entries']:
        body = short(e['id']) + struct.pack('>BIII', STATES.index(e['state']) | (0x80 if e['suspect'] else 0),
                                            e['sessions'], e['capacity'], e['free'])
        body += b'\xff' if e['group'] == group else short(e['group'])
        body += bytes([('ipv4' in e) | ('ipv6' in e) << 1 | len(e['ports']) << 4])
        body += bytes.fromhex(e.get('ipv4', '') + e.get('ipv6', '')) + write_ports(e['ports'])
        data, group = data + bytes([len(body)]) + body, e['group']
    return data


def write_lobby(page):
    description = page['description'].encode()
    data = struct.pack('>IHHII', *(page[name] for name in ('version', 'page', 'pages', 'sessions', 'capacity')))
    data += short(page['app']) + short(page['world']) + struct.pack('>H', len(description)) + description
    for participant in page['participants']:
        body = short(participant['name']) + short(participant['info'])
        data += bytes([len(body)]) + body
    return data


def write_value(kind, size, value):
    if kind == 'text':
        return value.encode()
    if kind == 'hex':
        return bytes.fromhex(value)
    if kind == 'int':
        return value.to_bytes(size, 'big')
    if kind == 'true':
        return b''
    if kind == 'avoid':
        return b''.join(short(server) for server in value)
    if kind == 'ports':
        return write_ports(value)
    if kind == 'keepalive':
        return struct.pack('>HHH', value['intervalSeconds'], value['transmissions'], value['timeoutMs'])
    if kind == 'alternates':
        return b''.join(bytes.fromhex(a['address']) + struct.pack('>HH', a['gamePort'], a['probePort']) for a in value)
    if kind == 'error':
        return struct.pack('>HI', value['code'], value['retryAfterMs']) + value['reason'].encode()
    if kind == 'forward':
        return (bytes.fromhex(value['address']) + struct.pack('>HBH', value['port'], value['flags'], value['room'])
                + bytes.fromhex(value['signature']))
    return write_roster(value) if kind == 'roster' else write_lobby(value)


def write(fields, pad_to=0):
    body = bytes.fromhex(fields['address'])
    order = sorted(code for code in OPTIONS if OPTIONS[code][0] in fields)
    for code in order:
        name, _, least, _, kind = OPTIONS[code]
        value = write_value(kind, least, fields[name])
        body += struct.pack('>BH', code, len(value)) + value
    missing = pad_to - 4 - len(body)
    if missing > 0 and 4 + len(body) + max(missing, 3) <= 1200:
        body += struct.pack('>BH', 0, max(missing, 3) - 3) + bytes(max(missing, 3) - 3)
    return struct.pack('>HH', 4 + len(body), 0xFFFF) + body


def write_bounded(fields, max_bytes):
    """A response of at most `max_bytes`, with parts left out in the order of the document; None: it does not fit."""
    fields = {name: value for name, value in fields.items()}
    steps = [lambda: fields.update(alternates=fields['alternates'][:1]), lambda: fields.pop('alternates'),
             lambda: fields.pop('otherAddress'), lambda: fields.update(error={**fields['error'], 'reason': ''})]
    for step in [lambda: None] + steps:
        try:
            step()
        except KeyError:
            continue
        packet = write(fields)
        if len(packet) <= max_bytes:
            return packet
    return None


def frames(chunks):
    """The packets in a stream, and the reason that ends it or None."""
    held, packets = b'', []
    for chunk in chunks:
        held += chunk
        while len(held) >= 2:
            length = int.from_bytes(held[:2], 'big')
            if length < 8:
                return packets, 'short'
            if length > 1200:
                return packets, 'long'
            if length not in (8, 20) and length < 31:
                return packets, 'length-invalid'
            if len(held) < length:
                break
            packets.append(held[:length])
            held = held[length:]
    return packets, None
