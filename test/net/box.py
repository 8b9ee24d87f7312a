"""The network between clients and the internet: a chain of NATs and firewalls of RFC 4787's kinds, on two TUN devices.

usage: box.py INSIDE OUTSIDE     names of the devices it makes: towards the client, towards the internet

Orders come in on stdin and are confirmed on stdout, each one line of JSON; what becomes of each packet is said there, too,
with the addresses that the internet sees.
  {"chain": [part...]}   what stands between both sides, the client's first; forgets all mappings
  {"advance": ms}        its clock stands still but for this
  {"block": ["udp", "tcp 7000"...]}  drops these towards the internet
A part is {"kind": "nat", "public": "192.0.2.2", "mapping": "endpoint" | "flow", "filtering": F, "timeoutMs": n},
{"kind": "client-firewall" | "server-firewall", "filtering": F, "timeoutMs": n} and, of the latter, "servers": [address...] and
"allowFile": a file of addresses that may come in whatever the filter says.
F is "none", "address" or "address-port": from whom a packet may come in.
"""
import fcntl
import ipaddress
import json
import os
import selectors
import struct
import sys

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
NAMES = {6: "tcp", 17: "udp"}


def say(what):
    print(json.dumps(what), flush=True)


class Packet:
    """An IPv4 or IPv6 packet without extension headers, over TCP or UDP."""

    def __init__(self, data):
        self.data = bytearray(data)
        self.six = data[0] >> 4 == 6
        self.proto = data[6] if self.six else data[9]
        self.at = 40 if self.six else (data[0] & 15) * 4
        first, size = (8, 16) if self.six else (12, 4)
        self.addresses = (first, first + size, size)
        self.src = (self._address(0), self._port(0))
        self.dst = (self._address(1), self._port(1))

    def _address(self, which):
        first, size = self.addresses[which], self.addresses[2]
        return str(ipaddress.ip_address(bytes(self.data[first:first + size])))

    def _port(self, which):
        return struct.unpack_from("!H", self.data, self.at + 2 * which)[0]

    def rewrite(self, which, address, port):
        first, size = self.addresses[which], self.addresses[2]
        self.data[first:first + size] = ipaddress.ip_address(address).packed
        struct.pack_into("!H", self.data, self.at + 2 * which, port)
        if which == 0:
            self.src = (address, port)
        else:
            self.dst = (address, port)

    def seal(self):
        """Both checksums anew (RFC 791, RFC 768, RFC 9293)."""
        if not self.six:
            struct.pack_into("!H", self.data, 10, 0)
            struct.pack_into("!H", self.data, 10, checksum(self.data[:self.at]))
        first, size = self.addresses[0], self.addresses[2]
        body = self.data[self.at:]
        field = 6 if self.proto == 17 else 16
        struct.pack_into("!H", body, field, 0)
        pseudo = bytes(self.data[first:first + 2 * size]) + struct.pack("!II", len(body), self.proto)
        struct.pack_into("!H", self.data, self.at + field, checksum(pseudo + bytes(body)) or 0xFFFF)
        return bytes(self.data)

    def __str__(self):
        return "%s %s %d > %s %d" % ((NAMES[self.proto],) + self.src + self.dst)


def checksum(data):
    if len(data) % 2:
        data = bytes(data) + b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Filter:
    """Who may come in: whom the inner endpoint has sent to in the last `timeoutMs`."""

    def __init__(self, part):
        self.kind, self.timeout = part["filtering"], part["timeoutMs"]
        self.sent = {}

    def _key(self, inner, proto, remote):
        return (proto, inner, remote[0] if self.kind == "address" else remote)

    def out(self, inner, proto, remote, now):
        self.sent[self._key(inner, proto, remote)] = now

    def allows(self, inner, proto, remote, now):
        if self.kind == "none":
            return True
        return now - self.sent.get(self._key(inner, proto, remote), -1e18) < self.timeout


class Nat:
    """Translates IPv4 alone. No port is given twice, so that a late packet is not taken for another one's."""

    next = 20000

    def __init__(self, part):
        self.public, self.by_flow, self.timeout = part["public"], part["mapping"] == "flow", part["timeoutMs"]
        self.filter = Filter(part)
        self.by_inner, self.by_port, self.used = {}, {}, {}

    def outbound(self, packet, now):
        if packet.six:
            return True
        key = (packet.proto, packet.src) + ((packet.dst,) if self.by_flow else ())
        port = self.by_inner.get(key)
        if port is None or now - self.used[port] >= self.timeout:
            port = Nat.next
            Nat.next += 1
            self.by_inner[key] = port
            self.by_port[(packet.proto, port)] = packet.src
        self.used[port] = now
        self.filter.out(port, packet.proto, packet.dst, now)
        packet.rewrite(0, self.public, port)
        return True

    def inbound(self, packet, now):
        if packet.six:
            return True
        port = packet.dst[1]
        inner = self.by_port.get((packet.proto, port))
        if inner is None or now - self.used[port] >= self.timeout:
            return False
        if not self.filter.allows(port, packet.proto, packet.src, now):
            return False
        packet.rewrite(1, *inner)
        return True


class ClientFirewall:
    """Lets in what the client has asked for, and translates nothing: the home router of IPv6."""

    def __init__(self, part):
        self.filter = Filter(part)

    def outbound(self, packet, now):
        self.filter.out(packet.src, packet.proto, packet.dst, now)
        return True

    def inbound(self, packet, now):
        return self.filter.allows(packet.dst, packet.proto, packet.src, now)


class ServerFirewall:
    """Before some servers: clients come in where the server has sent to them first, or an operator's rule says so."""

    def __init__(self, part):
        self.filter, self.servers, self.file = Filter(part), part["servers"], part.get("allowFile")

    def outbound(self, packet, now):
        if packet.dst[0] not in self.servers or self._is_allowed(packet.src[0]):
            return True
        return self.filter.allows(packet.dst, packet.proto, packet.src, now)

    def inbound(self, packet, now):
        if packet.src[0] in self.servers:
            self.filter.out(packet.src, packet.proto, packet.dst, now)
        return True

    def _is_allowed(self, address):
        if self.file is None or not os.path.exists(self.file):
            return False
        with open(self.file) as lines:
            return address in lines.read().split()


KINDS = {"nat": Nat, "client-firewall": ClientFirewall, "server-firewall": ServerFirewall}


class Box:
    def __init__(self, inside, outside):
        self.inside, self.outside = inside, outside
        self.chain, self.blocked, self.now = [], set(), 0

    def order(self, order):
        if "chain" in order:
            self.chain = [KINDS[part["kind"]](part) for part in order["chain"]]
        self.now += order.get("advance", 0)
        if "block" in order:
            self.blocked = set(order["block"])
        say({"done": order.get("id")})

    def carry(self, source):
        data = os.read(source, 2048)
        six = data[0] >> 4 == 6
        if (data[6] if six else data[9]) not in NAMES:
            return
        packet = Packet(data)
        out = source == self.inside
        what = str(packet)
        name = NAMES[packet.proto]
        if out and (name in self.blocked or "%s %d" % (name, packet.dst[1]) in self.blocked):
            return say({"dropped": what, "by": "block"})
        for part in self.chain if out else reversed(self.chain):
            if not (part.outbound if out else part.inbound)(packet, self.now):
                return say({"dropped": what, "by": type(part).__name__})
        say({"passed": str(packet) if out else what})
        os.write(self.outside if out else self.inside, packet.seal())


def open_tun(name):
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    return tun


def main():
    inside, outside = (open_tun(name) for name in sys.argv[1:3])
    box = Box(inside, outside)
    watched = selectors.DefaultSelector()
    for source in (inside, outside, sys.stdin):
        watched.register(source, selectors.EVENT_READ)
    say({"done": "start"})
    while True:
        for key, _ in watched.select():
            if key.fileobj is not sys.stdin:
                box.carry(key.fileobj)
                continue
            line = sys.stdin.readline()
            if line == "":
                return
            box.order(json.loads(line))


main()
