# Onedoor's client for Godot: asks the door for a server, keeps the seat there alive, notices when the server dies and
# finds another one. docs/clients/godot.md shows how to use it; the protocol is docs/PROTOCOL.md, whose sections are
# cited here. Written for Godot 3; the page has the words that Godot 4 spells differently.
# SPDX-License-Identifier: Apache-2.0
extends Reference

# The first server. Play at `server`, show `ticket` there.
signal assigned(server)
# Stop sending to `server`; the session looks for another. `reason`: "silent", "refused" (`code` says why), "reported".
signal lost(server, reason, code)
# Another server, and `ticket` is the one for it: join it.
signal reassigned(server, from)
# The server ends in `ends_in_ms` (-1: it did not say). Play on, `reassigned` follows. Comes again when another is
# `named`.
signal moving(server, ends_in_ms, named)
# No server now: `code` says why. The door is asked again in `retry_in_ms` by itself.
signal refused(code, retry_in_ms)
# The server lives but takes the ticket no more; game traffic flows, so the session goes on without it.
signal ticket_refused(code)
# What was asked for does not exist: `code`. The end; `closed` follows.
signal failed(code)
# The end, after `close` or `failed`.
signal closed()

const DEFAULT_PORT = 7000
const PROBE_TYPE = 0xFFFF
const NEVER = 1 << 60
# A flood on one socket must not hold up a frame.
const READS_AT_ONCE = 64
const READ_BYTES = 4096

# To be read: where to play ({} before `assigned`), the seat there ("" where there are no seats), how the server was
# found ("udp", "tcp"), whether it is the one of `resume`, and the identity that the ticket is bound to.
var server = {}
var ticket = ""
var via = ""
var resumed = false
var client = ""

var _machine = null
var _channels = {}
var _host = ""
var _port = DEFAULT_PORT
var _lookups = []
var _performing = false


# Starts a session with the door at "host", "host:port" or "[IPv6]:port". Options, all of them texts where nothing else
# is said: `app`, `world`, `group`, `client` (1 to 32 bytes of UTF-8), `type` (a number, the deployment's packet type)
# and `resume` (what `state` gave before a restart; what cannot be read counts as nothing). ERR_INVALID_PARAMETER, and a
# line in the log for each problem, if something is not as it must be.
func open(door, options = {}):
	if _machine != null and _machine.phase != Machine.CLOSED:
		push_error("Onedoor: `open` was called twice; `close` the session first")
		return ERR_ALREADY_IN_USE
	var address = split_door(str(door))
	var problems = _problems_of(options)
	if address.size() == 0:
		problems.append("`door` must be \"host\", \"host:port\" or \"[IPv6]:port\", got: %s" % str(door))
	for problem in problems:
		push_error("Onedoor: " + problem)
	if problems.size() > 0:
		return ERR_INVALID_PARAMETER
	_host = address[0]
	_port = address[1]
	var saved = options.get("resume", {})
	var known = typeof(saved) == TYPE_DICTIONARY and _is_name(saved.get("client"))
	client = options.get("client", saved.client if known else Entropy.new().bytes(16).hex_encode())
	server = {}
	ticket = ""
	via = ""
	resumed = false
	_channels = {}
	for id in _lookups:
		IP.erase_resolve_item(id)
	_lookups = []
	_machine = Machine.new(options, client, Entropy.new())
	# A seat belongs to its client: another one has no use for it.
	_machine.start(Grant.from_state(saved) if known and saved.client == client else null, now_ms())
	_perform()
	return OK


# Call it in each frame, `_process(delta)`: takes what came in, sends what is due, emits the signals. Never blocks. Time
# comes from the system's clock, since Engine.time_scale bends `delta`.
func poll(_delta = 0.0):
	if _machine == null:
		return
	_take_lookups()
	for id in _channels.keys():
		if _channels.has(id):
			_serve(id, _channels[id])
	# What the sockets hold is taken before silence is judged.
	if now_ms() >= _machine.wake_at():
		_machine.tick(now_ms())
	_perform()


# The game sent datagrams to its server: every 10 of them (the server may set another number) ask it for a sign of life.
func sent(count = 1):
	if _machine != null and count > 0:
		_machine.game_sent(count, now_ms())
		_perform()


# A datagram came from the server: while they come, it is never declared lost.
func received():
	if _machine != null:
		_machine.game_received(now_ms())


# The game has found its server dead by itself: look for another now.
func report_lost():
	if _machine != null:
		_machine.game_lost(now_ms())
		_perform()


# Ends the session. A seat that was never used is given back: go on calling `poll` until `closed`, 1.4 s at most.
func close():
	if _machine != null:
		_machine.close(now_ms())
		_perform()


# What is needed to come back to this server and seat after a restart, fit for JSON; {} before `assigned`. Keep it as
# secret as the ticket in it, and anew after each `reassigned`.
func state():
	if _machine == null or _machine.granted == null:
		return {}
	return _machine.granted.to_state(client)


static func split_door(door):
	var host = door
	var port = ""
	var colon = door.rfind(":")
	if door.begins_with("["):
		var bracket = door.find("]")
		if bracket < 0 or (bracket + 1 < door.length() and door[bracket + 1] != ":"):
			return []
		host = door.substr(1, bracket - 1)
		port = door.substr(bracket + 2, door.length()) if bracket + 1 < door.length() else "7000"
		if Wire.parse_address(host).size() == 0 or host.find(":") < 0:
			return []
	elif colon >= 0 and door.find(":") == colon:
		host = door.substr(0, colon)
		port = door.substr(colon + 1, door.length())
	elif colon >= 0 and Wire.parse_address(door).size() == 0:
		return []
	else:
		port = "7000"
	var number = Wire.parse_number(port, 65535)
	if host == "" or host.length() > 254 or number < 1:
		return []
	return [host, number]


static func now_ms():
	return OS.get_ticks_msec()


static func _is_name(value):
	return typeof(value) == TYPE_STRING and value.to_utf8().size() >= 1 and value.to_utf8().size() <= 32


func _problems_of(options):
	var problems = []
	for name in options:
		var value = options[name]
		match name:
			"app", "world", "group", "client":
				if not _is_name(value):
					problems.append("`%s` must be text of 1..32 bytes of UTF-8, got: %s" % [name, str(value)])
			"type":
				if typeof(value) != TYPE_INT or value < 0 or value > 65535:
					problems.append("`type` must be a number of 0..65535, got: %s" % str(value))
			"resume":
				pass
			_:
				problems.append("`%s` must be one of app, world, group, client, type, resume" % str(name))
	return problems


# ---- Sockets ----


# Carries out what the machine wants, in order. A signal's receiver may call this session: its wishes come after.
func _perform():
	if _performing:
		return
	_performing = true
	while _machine.actions.size() > 0:
		var action = _machine.actions.pop_front()
		match action.do:
			"open":
				_channels[action.channel] = _open(action)
			"send":
				if _channels.has(action.channel):
					_send(_channels[action.channel], action)
			"close":
				_channels.erase(action.channel)
			"resolve":
				_resolve()
			_:
				_tell(action)
	_performing = false


func _tell(event):
	match event.do:
		"assigned", "reassigned":
			var from = server
			server = event.grant.server.shown()
			ticket = Wire.text_of(event.grant.ticket)
			via = event.via
			if event.do == "assigned":
				resumed = event.resumed
				emit_signal("assigned", server)
			else:
				emit_signal("reassigned", server, from)
		"lost":
			emit_signal("lost", server, event.reason, event.code)
		"moving":
			emit_signal("moving", server, event.ends_in_ms, event.named)
		"refused":
			emit_signal("refused", event.code, event.retry_in_ms)
		"ticket_refused":
			emit_signal("ticket_refused", event.code)
		"failed":
			emit_signal("failed", event.code)
		"closed":
			_channels = {}
			emit_signal("closed")


func _open(action):
	var channel = {"via": action.via, "to": action.to, "open": false}
	channel.inbox = PoolByteArray()
	channel.outbox = PoolByteArray()
	var host = Wire.format_address(action.to.address)
	if action.via == "tcp":
		channel.peer = StreamPeerTCP.new()
		channel.peer.connect_to_host(host, action.to.port)
	else:
		channel.peer = PacketPeerUDP.new()
		# Connected, the system drops what others send. To the door it stays open: its server may answer itself.
		if action.connected:
			channel.peer.connect_to_host(host, action.to.port)
		else:
			channel.peer.set_dest_address(host, action.to.port)
	return channel


# A datagram that cannot be sent is like one that was lost.
func _send(channel, action):
	if channel.via == "udp":
		channel.peer.put_packet(action.bytes)
	else:
		channel.outbox = Wire.joined(channel.outbox, action.bytes)


func _serve(id, channel):
	if channel.via == "tcp":
		_serve_tcp(id, channel)
		return
	for _i in range(READS_AT_ONCE):
		var waiting = channel.peer.get_available_packet_count()
		if waiting < 0:
			_machine.channel_failed(id, now_ms())
		if waiting <= 0:
			break
		var bytes = channel.peer.get_packet()
		var from = {"address": Wire.parse_address(channel.peer.get_packet_ip()), "port": channel.peer.get_packet_port()}
		_machine.packet(id, from, bytes, now_ms())
		_perform()
		if not _channels.has(id):
			return
	_perform()


func _serve_tcp(id, channel):
	match channel.peer.get_status():
		StreamPeerTCP.STATUS_CONNECTING:
			return
		StreamPeerTCP.STATUS_CONNECTED:
			pass
		_:
			_fail_tcp(id)
			return
	if not channel.open:
		channel.open = true
		channel.peer.set_no_delay(true)
	if channel.outbox.size() > 0:
		var put = channel.peer.put_partial_data(channel.outbox)
		if put[0] != OK:
			_fail_tcp(id)
			return
		channel.outbox = Wire.cut(channel.outbox, put[1], channel.outbox.size() - put[1])
	var waiting = channel.peer.get_available_bytes()
	if waiting <= 0:
		return
	var got = channel.peer.get_partial_data(int(min(waiting, READ_BYTES)))
	if got[0] != OK:
		_fail_tcp(id)
		return
	channel.inbox = Wire.joined(channel.inbox, got[1])
	while _channels.has(id):
		var length = Wire.frame(channel.inbox)
		if length < 0:
			_fail_tcp(id)
		if length <= 0 or length > channel.inbox.size():
			return
		var bytes = Wire.cut(channel.inbox, 0, length)
		channel.inbox = Wire.cut(channel.inbox, length, channel.inbox.size() - length)
		_machine.packet(id, channel.to, bytes, now_ms())
		_perform()


func _fail_tcp(id):
	_channels.erase(id)
	_machine.channel_failed(id, now_ms())
	_perform()


# The name's addresses, by the engine's own resolver: the system's first choice, then one of each family, so that a
# broken family costs one repeat and not the session (RFC 8305, section 4).
func _resolve():
	if Wire.parse_address(_host).size() > 0:
		_machine.found_doors([{"address": Wire.parse_address(_host), "port": _port}], now_ms())
		return
	if _lookups.size() > 0:
		return
	IP.clear_cache(_host)
	for family in [IP.TYPE_ANY, IP.TYPE_IPV4, IP.TYPE_IPV6]:
		var id = IP.resolve_hostname_queue_item(_host, family)
		if id != IP.RESOLVER_INVALID_ID:
			_lookups.append(id)


func _take_lookups():
	for id in _lookups:
		if IP.get_resolve_item_status(id) == IP.RESOLVER_STATUS_WAITING:
			return
	if _lookups.size() == 0:
		return
	var doors = []
	for id in _lookups:
		var found = Wire.parse_address(IP.get_resolve_item_address(id))
		IP.erase_resolve_item(id)
		var door = {"address": found, "port": _port}
		if found.size() > 0 and not Machine.has_endpoint(doors, door):
			doors.append(door)
	_lookups = []
	_machine.found_doors(doors, now_ms())
	_perform()


# Random bytes that nobody can guess: a nonce keeps others from answering.
class Entropy:
	var _crypto = Crypto.new()

	func bytes(count):
		return _crypto.generate_random_bytes(count)


# ---- Packets (sections 1 to 3) ----
class Wire:
	const MAX_PACKET = 1200
	# Items 1 to 12 of "Reading a packet".
	enum {
		FINE, SHORT, LONG, LENGTH_MISMATCH, LENGTH_INVALID, WRONG_TYPE, OPTION_PAST_END, TOO_MANY_OPTIONS, OPTION_REPEATED,
		VALUE_SIZE, NOT_UTF8, NO_NONCE, WRONG_ROLE
	}
	const TEXTS = {0x06: ["ticket", 760], 0x0B: ["wait", 400], 0x81: ["server", 24]}
	const REQUEST_CODES = {
		"nonce": 0x01, "app": 0x02, "world": 0x03, "group": 0x04, "client": 0x05, "ticket": 0x06, "avoid": 0x07,
		"cookie": 0x08, "want": 0x09, "report": 0x0A, "wait": 0x0B, "page": 0x0C, "pick": 0x0D, "leave": 0x0E
	}
	const ROLES = {0: "game", 1: "probe", 2: "lobby", 3: "voice"}
	const CODES = {
		1: "assign.no-capacity", 2: "assign.unknown-app", 3: "assign.unknown-world", 4: "wire.request-too-small",
		5: "door.rate-limited", 6: "assign.unavailable", 7: "ticket.ticket-rejected", 8: "ticket.clock",
		9: "door.cookie-required"
	}

	static func cut(bytes, from, length):
		return bytes.subarray(from, from + length - 1) if length > 0 else PoolByteArray()

	# Bytes in a dictionary are a value in Godot 3: what is appended to them there is lost.
	static func joined(one, other):
		one.append_array(other)
		return one

	static func u16(bytes, at):
		return bytes[at] << 8 | bytes[at + 1]

	static func u32(bytes, at):
		return bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3]

	static func number(value, size):
		var bytes = PoolByteArray()
		for shift in range(8 * (size - 1), -8, -8):
			bytes.append(value >> shift & 0xFF)
		return bytes

	static func zeroes(count):
		var bytes = PoolByteArray()
		bytes.resize(count)
		for at in range(count):
			bytes[at] = 0
		return bytes

	# RFC 3629, section 4: the range of the second byte keeps out overlong forms, surrogates and what is above U+10FFFF.
	static func is_utf8(bytes, from, to):
		var at = from
		while at < to:
			var first = bytes[at]
			at += 1
			if first < 0x80:
				continue
			var more = 3 if first >= 0xF0 else 2 if first >= 0xE0 else 1
			if first < 0xC2 or first > 0xF4 or more > to - at:
				return false
			var low = 0xA0 if first == 0xE0 else 0x90 if first == 0xF0 else 0x80
			var high = 0x9F if first == 0xED else 0x8F if first == 0xF4 else 0xBF
			for tail in range(more):
				if bytes[at + tail] < low or bytes[at + tail] > high:
					return false
				low = 0x80
				high = 0xBF
			at += more
		return true

	static func text_of(bytes):
		return bytes.get_string_from_utf8() if bytes != null else ""

	# The fields of a response, by the names of the options; or "reason" alone, the first that applies. Texts stay
	# bytes. "classic" is 4, 6 or, extended, 0. Of pages only the form is checked.
	static func read_response(bytes, type):
		var length = bytes.size()
		if length < 8 or length > MAX_PACKET:
			return {"reason": SHORT if length < 8 else LONG}
		if u16(bytes, 0) != length or not is_length(length):
			return {"reason": LENGTH_MISMATCH if u16(bytes, 0) != length else LENGTH_INVALID}
		if u16(bytes, 2) != type:
			return {"reason": WRONG_TYPE}
		if length < 31:
			return {"classic": 4 if length == 8 else 6, "address": cut(bytes, 4, length - 4)}
		var codes = {}
		var options = []
		var repeated = false
		var is_response = false
		var at = 20
		while at < length:
			if length - at < 3 or u16(bytes, at + 1) > length - at - 3:
				return {"reason": OPTION_PAST_END}
			repeated = repeated or codes.has(bytes[at])
			codes[bytes[at]] = true
			is_response = is_response or bytes[at] >= 0x80
			options.append(at)
			at += 3 + u16(bytes, at + 1)
		if options.size() > 16 or repeated:
			return {"reason": TOO_MANY_OPTIONS if options.size() > 16 else OPTION_REPEATED}
		var read = {"classic": 0, "address": cut(bytes, 4, 16)}
		var fault = FINE
		if is_response:
			for option in options:
				var found = _read_option(read, bytes, bytes[option], option + 3, u16(bytes, option + 1))
				if found == VALUE_SIZE:
					return {"reason": found}
				fault = int(max(fault, found))
		if fault == FINE and not codes.has(0x01):
			fault = NO_NONCE
		if fault == FINE and not is_response:
			fault = WRONG_ROLE
		return read if fault == FINE else {"reason": fault}

	# What the table gives to requests alone is skipped.
	static func _read_option(read, bytes, code, at, size):
		match code:
			0x01:
				read.nonce = cut(bytes, at, size)
				return FINE if size == 8 else VALUE_SIZE
			0x08:
				read.cookie = cut(bytes, at, size)
				return FINE if size == 20 else VALUE_SIZE
			0x06, 0x0B, 0x81:
				if size < 1 or size > TEXTS[code][1]:
					return VALUE_SIZE
				read[TEXTS[code][0]] = cut(bytes, at, size)
				return FINE if is_utf8(bytes, at, at + size) else NOT_UTF8
			0x82:
				if size < 3 or size > 48 or size % 3 != 0:
					return VALUE_SIZE
				read.ports = []
				for port in range(at, at + size, 3):
					read.ports.append([bytes[port], u16(bytes, port + 1)])
			0x83:
				read.other_address = cut(bytes, at, size)
				return FINE if size == 16 else VALUE_SIZE
			0x84:
				if size != 6:
					return VALUE_SIZE
				read.keepalive = [u16(bytes, at), u16(bytes, at + 2), u16(bytes, at + 4)]
			0x85:
				if size != 20 and size != 40:
					return VALUE_SIZE
				read.alternates = []
				for each in range(at, at + size, 20):
					read.alternates.append([cut(bytes, each, 16), u16(bytes, each + 16), u16(bytes, each + 18)])
			0x86:
				if size != 4:
					return VALUE_SIZE
				read.moving_ms = u32(bytes, at)
			0x87:
				return _check_roster(bytes, at, at + size) if size >= 8 and size <= 1166 else VALUE_SIZE
			0x88:
				return _check_lobby(bytes, at, at + size) if size >= 21 and size <= 1166 else VALUE_SIZE
			0xE0:
				if size < 6 or size > 70:
					return VALUE_SIZE
				read.error = [u16(bytes, at), u32(bytes, at + 2), cut(bytes, at + 6, size - 6)]
				return FINE if is_utf8(bytes, at + 6, at + size) else NOT_UTF8
		return FINE

	# Section 8. Each entry is `size: 1` and so many bytes, of which a later version may add some at the end.
	static func _check_roster(bytes, from, end):
		var fault = FINE
		var at = from + 8
		var is_first = true
		while at < end:
			var to = at + 1 + bytes[at]
			if to > end:
				return VALUE_SIZE
			var texts = []
			var next = _text(bytes, at + 1, to, 1, 24, texts)
			if next < 0 or next + 13 >= to:
				return VALUE_SIZE
			var group = next + 13
			next = group + 1
			if bytes[group] == 0xFF:
				if is_first:
					return VALUE_SIZE
			else:
				next = _text(bytes, group, to, 0, 32, texts)
			if next < 0 or next >= to:
				return VALUE_SIZE
			var shape = bytes[next]
			if next + 1 + (4 if shape & 1 else 0) + (16 if shape & 2 else 0) + 3 * (shape >> 4) > to:
				return VALUE_SIZE
			fault = int(max(fault, _check_texts(bytes, texts)))
			at = to
			is_first = false
		return fault

	static func _check_lobby(bytes, from, end):
		var texts = []
		var at = _text(bytes, from + 16, end, 1, 32, texts)
		if at >= 0:
			at = _text(bytes, at, end, 0, 32, texts)
		if at < 0 or at + 2 > end:
			return VALUE_SIZE
		var size = u16(bytes, at)
		at += 2
		if size > 512 or at + size > end:
			return VALUE_SIZE
		texts.append([at, at + size])
		at += size
		while at < end:
			var to = at + 1 + bytes[at]
			if to > end:
				return VALUE_SIZE
			var next = _text(bytes, at + 1, to, 1, 32, texts)
			if next >= 0:
				next = _text(bytes, next, to, 0, 64, texts)
			if next < 0:
				return VALUE_SIZE
			at = to
		return _check_texts(bytes, texts)

	# Notes where the text `length: 1, text` at `at` stands; where the next field begins, or -1 if its size is wrong.
	static func _text(bytes, at, end, least, most, texts):
		if at >= end or bytes[at] < least or bytes[at] > most or at + 1 + bytes[at] > end:
			return -1
		texts.append([at + 1, at + 1 + bytes[at]])
		return at + 1 + bytes[at]

	static func _check_texts(bytes, texts):
		for text in texts:
			if not is_utf8(bytes, text[0], text[1]):
				return NOT_UTF8
		return FINE

	static func is_length(length):
		return length == 8 or length == 20 or length >= 31

	# Bytes that the first packet of a stream takes: 0 if that is not known yet, negative for a reason to close it.
	static func frame(bytes):
		if bytes.size() < 2:
			return 0
		var length = u16(bytes, 0)
		if length < 8 or length > MAX_PACKET:
			return -SHORT if length < 8 else -LONG
		return length if is_length(length) else -LENGTH_INVALID

	# A request with `address` (16 bytes) and the options in `fields`, bytes by their names, in ascending order of their
	# codes, padded to `pad_to` at least. Empty if it does not fit.
	static func write_request(address, fields, type, pad_to):
		var body = PoolByteArray()
		for name in REQUEST_CODES:
			if fields.get(name) != null:
				body.append(REQUEST_CODES[name])
				body.append_array(number(fields[name].size(), 2))
				body.append_array(fields[name])
		var length = 20 + body.size()
		# Padding has three bytes at least: "Writing a packet".
		if length < pad_to and length <= MAX_PACKET - 3:
			var padding = int(max(pad_to - length - 3, 0))
			body.append(0)
			body.append_array(number(padding, 2))
			body.append_array(zeroes(padding))
		if 20 + body.size() > MAX_PACKET:
			return PoolByteArray()
		var packet = number(20 + body.size(), 2)
		packet.append_array(number(type, 2))
		packet.append_array(address)
		packet.append_array(body)
		return packet

	# The classic request of 8 or 20 bytes, with an address of zeroes: section 1.
	static func write_classic(family, type):
		var packet = number(20 if family == 6 else 8, 2)
		packet.append_array(number(type, 2))
		packet.append_array(zeroes(16 if family == 6 else 4))
		return packet

	# ---- Addresses: 16 bytes each, IPv4 mapped ----

	static func mapped(bytes):
		var address = zeroes(10)
		address.append(0xFF)
		address.append(0xFF)
		address.append_array(bytes)
		return address

	# All zeroes, of either family: no server.
	static func is_zero(address):
		for at in range(12, 16):
			if address[at] != 0:
				return false
		return is_ipv4(address) or address == zeroes(16)

	static func is_ipv4(address):
		for at in range(10):
			if address[at] != 0:
				return false
		return address[10] == 0xFF and address[11] == 0xFF

	# 64:ff9b::/96, an IPv4 address as a NAT64 is asked for it (RFC 6052, section 2.1).
	static func is_translated(address):
		for at in range(4, 12):
			if address[at] != 0:
				return false
		return u32(address, 0) == 0x0064FF9B

	# The family of addresses that the other side knows: what is to be asked for.
	static func family_behind(address):
		return 4 if is_ipv4(address) or is_translated(address) else 6

	# `address` as it is reached from where `like` was reached.
	static func reached_like(address, like):
		if not is_ipv4(address) or not is_translated(like):
			return address
		var reached = cut(like, 0, 12)
		reached.append_array(cut(address, 12, 4))
		return reached

	# A whole number in decimal, without leading zeroes, of at most `most`; -1 if it is none.
	static func parse_number(text, most):
		if text.length() < 1 or text.length() > 5 or (text.length() > 1 and text[0] == "0"):
			return -1
		for at in range(text.length()):
			if text.ord_at(at) < 0x30 or text.ord_at(at) > 0x39:
				return -1
		return int(text) if int(text) <= most else -1

	# 16 bytes; none if the text is no address. A zone (fe80::1%eth0) is dropped.
	static func parse_address(text):
		if text.find("%") >= 0:
			text = text.substr(0, text.find("%"))
		if text.find(":") < 0:
			var ipv4 = _parse_ipv4(text)
			return mapped(ipv4) if ipv4.size() == 4 else PoolByteArray()
		var halves = text.split("::")
		if text.length() > 45 or halves.size() > 2:
			return PoolByteArray()
		var is_short = halves.size() == 2
		var head = _parse_groups(halves[0], not is_short)
		var tail = _parse_groups(halves[1], true) if is_short else PoolByteArray()
		if head == null or tail == null:
			return PoolByteArray()
		var missing = 16 - head.size() - tail.size()
		# "::" stands for at least one group of zeroes.
		if (is_short and missing < 2) or (not is_short and missing != 0):
			return PoolByteArray()
		head.append_array(zeroes(missing))
		head.append_array(tail)
		return head

	static func _parse_ipv4(text):
		var bytes = PoolByteArray()
		for part in text.split("."):
			var value = parse_number(part, 255)
			if value < 0 or bytes.size() == 4:
				return PoolByteArray()
			bytes.append(value)
		return bytes

	# Groups of up to four hex digits; the last may be an IPv4 address where the text ends. null if they are none.
	static func _parse_groups(text, may_end_in_ipv4):
		var bytes = PoolByteArray()
		if text == "":
			return bytes
		var groups = text.split(":")
		for index in range(groups.size()):
			var group = groups[index]
			if may_end_in_ipv4 and index == groups.size() - 1 and group.find(".") >= 0:
				var ipv4 = _parse_ipv4(group)
				bytes.append_array(ipv4)
				return bytes if ipv4.size() == 4 else null
			if group.length() < 1 or group.length() > 4:
				return null
			var value = 0
			for at in range(group.length()):
				var digit = "0123456789abcdef".find(group.to_lower().substr(at, 1))
				if digit < 0:
					return null
				value = value << 4 | digit
			bytes.append_array(number(value, 2))
		return bytes

	# Dotted decimal for IPv4, else RFC 5952: lower case, the first of the longest runs of zero groups as "::".
	static func format_address(address):
		if is_ipv4(address):
			return "%d.%d.%d.%d" % [address[12], address[13], address[14], address[15]]
		var best = 0
		var best_length = 1
		for start in range(0, 16, 2):
			var end = start
			while end < 16 and u16(address, end) == 0:
				end += 2
			if (end - start) / 2 > best_length:
				best = start
				best_length = (end - start) / 2
		var text = ""
		var at = 0
		while at < 16:
			if best_length > 1 and at == best:
				text += "::"
				at += 2 * best_length
				continue
			if text != "" and not text.ends_with(":"):
				text += ":"
			text += "%x" % u16(address, at)
			at += 2
		return text


# ---- What answers give ----


class Server:
	# Bytes; none where the answer had no id (an alternate in a packet has only its address).
	var id = PoolByteArray()
	var address
	# The same server in the other family, or null.
	var other_address = null
	# By role: "game", "probe", "lobby", "voice", or the role's number in decimal.
	var ports = {}

	func copy():
		var other = get_script().new()
		other.id = id
		other.address = address
		other.other_address = other_address
		other.ports = ports.duplicate()
		return other

	func probe_port():
		return ports.get("probe", 7000)

	# The first of a role counts within one answer; a later answer is newer.
	func learn_ports(pairs):
		var named = {}
		for pair in pairs:
			var role = Wire.ROLES.get(pair[0], str(pair[0]))
			if not named.has(role):
				named[role] = pair[1]
		for role in named:
			ports[role] = named[role]

	# As the game sees it.
	func shown():
		return {
			"id": Wire.text_of(id),
			"address": Wire.format_address(address),
			"family": 4 if Wire.is_ipv4(address) else 6,
			"other_address": Wire.format_address(other_address) if other_address != null else "",
			"ports": ports.duplicate()
		}

	func to_state():
		var plain = {"id": Wire.text_of(id), "ports": ports.duplicate()}
		for each in [other_address, address]:
			if each != null:
				plain["ipv4" if Wire.is_ipv4(each) else "ipv6"] = Wire.format_address(each)
		return plain

	# Read without trust; false if the server cannot be reached.
	func read_state(plain, family):
		if typeof(plain) != TYPE_DICTIONARY or typeof(plain.get("id")) != TYPE_STRING:
			return false
		var named = plain.get("ports")
		if typeof(named) == TYPE_DICTIONARY:
			for role in named:
				if Grant.is_count(named[role]) and named[role] >= 1 and named[role] <= 65535:
					ports[str(role)] = int(named[role])
		for name in ["ipv4", "ipv6"] if family == 4 else ["ipv6", "ipv4"]:
			var found = PoolByteArray()
			if typeof(plain.get(name)) == TYPE_STRING:
				found = Wire.parse_address(plain[name])
			if found.size() == 16 and Wire.is_ipv4(found) == (name == "ipv4"):
				if address == null:
					address = found
				else:
					other_address = found
		id = plain.id.to_utf8()
		return address != null and ports.size() > 0 and id.size() <= 24


# A server and the seat on it.
class Grant:
	var server
	# Bytes, or null where the deployment works without seats.
	var ticket = null
	# Interval in s, transmissions, timeout in ms: "Keepalives and failover".
	var keepalive = [20, 10, 700]
	# Where the ticket is also good when the server dies, best first.
	var alternates = []

	# Of a response with a server's address, as it is reached from where `like` was reached.
	static func from_response(read, like):
		var grant = Grant.new()
		grant.server = Server.new()
		grant.server.id = read.get("server", PoolByteArray())
		grant.server.address = Wire.reached_like(read.address, like)
		grant.server.other_address = read.get("other_address")
		grant.server.learn_ports(read.get("ports", []))
		grant.ticket = read.get("ticket")
		grant.keepalive = read.get("keepalive", grant.keepalive)
		for named in read.get("alternates", []):
			# Zeroes are never a server.
			if not Wire.is_zero(named[0]):
				var alternate = Server.new()
				alternate.address = Wire.reached_like(named[0], like)
				alternate.ports = {"game": named[1], "probe": named[2]}
				grant.alternates.append(alternate)
		return grant

	func with_server(other, others):
		var grant = get_script().new()
		grant.server = other
		grant.ticket = ticket
		grant.keepalive = keepalive
		grant.alternates = others
		return grant

	# The same JSON as that of the other languages' clients.
	func to_state(client_name):
		var others = []
		for alternate in alternates:
			others.append(alternate.to_state())
		var rhythm = {"intervalSeconds": keepalive[0], "transmissions": keepalive[1], "timeoutMs": keepalive[2]}
		var saved = {
			"version": 1,
			"client": client_name,
			"family": 4 if Wire.is_ipv4(server.address) else 6,
			"server": server.to_state(),
			"keepalive": rhythm,
			"alternates": others
		}
		if ticket != null:
			saved.ticket = Wire.text_of(ticket)
		return saved

	# null if it is something else.
	static func from_state(saved):
		var grant = Grant.new()
		grant.server = Server.new()
		var family = saved.get("family")
		if not is_count(saved.get("version")) or saved.version != 1 or not is_count(family):
			return null
		if not grant.server.read_state(saved.get("server"), int(family)):
			return null
		if typeof(saved.get("ticket")) == TYPE_STRING:
			var bytes = saved.ticket.to_utf8()
			if bytes.size() >= 1 and bytes.size() <= 760:
				grant.ticket = bytes
		var rhythm = saved.get("keepalive")
		if typeof(rhythm) == TYPE_DICTIONARY:
			var names = ["intervalSeconds", "transmissions", "timeoutMs"]
			for index in range(3):
				if is_count(rhythm.get(names[index])):
					grant.keepalive[index] = int(rhythm[names[index]])
		if typeof(saved.get("alternates")) == TYPE_ARRAY:
			for plain in saved.alternates:
				var alternate = Server.new()
				if grant.alternates.size() < 2 and alternate.read_state(plain, int(family)):
					grant.alternates.append(alternate)
		return grant

	# JSON has no whole numbers: they come back as floats.
	static func is_count(value):
		if typeof(value) != TYPE_INT and typeof(value) != TYPE_REAL:
			return false
		return value >= 0 and value < 1 << 53 and int(value) == value


# The liveness of one server for one client: what Machine knows about it.
class Watch:
	var grant
	var to
	# The ticket until the first answer to a keepalive that carried it.
	var show
	var accepted = false
	var leaving = false
	# Index into KEEPALIVE_SIZES.
	var size = 0
	var last_start = 0
	# Earliest and latest start of the next keepalive, where an answer asked for one.
	var not_before = 0
	var soon = NEVER
	# The channels to its probe port: the way that was answered first is kept. `doubts`: the door was not reached by
	# UDP.
	var doubts
	# The most that `timeout` counts as until the server has answered.
	var patience
	var path = ""
	var udp = []
	var tcp = 0
	# One keepalive and its two retransmissions.
	var running = false
	var nonces = []
	var started = 0
	var transmissions = 0
	var wake = 0
	var restarted = false
	# The game's own traffic.
	var sent = 0
	var last_received = -1
	var gaps = []
	var gap_at = 0
	var flowed = false

	func _init(its_grant, door_doubts, its_patience):
		patience = its_patience
		grant = its_grant
		show = grant.ticket
		to = {"address": grant.server.address, "port": grant.server.probe_port()}
		doubts = door_doubts

	# A wrong number must neither silence a client nor make it flood.
	func interval_ms():
		return int(max(grant.keepalive[0] * 1000, 1000))

	func timeout_ms():
		return int(clamp(grant.keepalive[2], 100, 10000 if accepted else patience))

	func owns(channel):
		return channel == tcp or udp.has(channel)

	# True while what came in from the game proves its server alive.
	func flows(now):
		if last_received < 0:
			return false
		var usual = 3000
		if gaps.size() > 0:
			usual = int(max(3 * gaps.max(), 1000))
		return now - last_received < min(usual, interval_ms())

	# By time, by count, by the end of a flow, or because an answer asked for it.
	func next_start():
		var due = last_start + interval_ms()
		if grant.keepalive[1] > 0 and sent >= grant.keepalive[1]:
			due = last_start
		if flowed:
			due = min(due, last_received + 1000)
		return int(max(min(due, soon), not_before))

	func wake_at():
		return wake if running else next_start()


# ---- The session without any I/O (section 5). Each function takes one thing that happened, `now` in ms of a clock that
# never goes back, and leaves what is to be done in `actions`, in order. ----
class Machine:
	enum { IDLE, RESOLVING, SEARCHING, WAITING, PLAYING, TRYING, LEAVING, CLOSED }
	const KEEPALIVE_SIZES = [96, 800, 1200]
	const UDP_AT = [0, 350, 700]
	const TCP_AT = [1000, 1250]
	const MAX_COOKIES = 3
	const MAX_AVOID = 3

	var actions = []
	var phase = IDLE
	# The grant that the game has; null before the first.
	var granted = null

	var _names = {}
	var _type
	var _random
	var _last_channel = 0
	var _doors = null
	var _turn = 0
	var _attempts = []
	var _nonces = {}
	var _started = 0
	var _until = 0
	# When the door gave the last server.
	var _since = 0
	var _pad_to = 800
	var _wait = null
	# Requests in a row that gave no confirmed session.
	var _failures = 0
	# Ids of lost servers, the newest first.
	var _avoid = []
	# Ticket and reason, for the first request after a loss.
	var _report = null
	var _asked_report = null
	var _resume = null
	var _via = "udp"
	var _watch = null
	var _joining = null
	var _told = ""
	# Servers to be tried after this one, and whose ticket it is.
	var _rest = []
	var _owner = PoolByteArray()

	# `random.bytes(count)` gives random bytes.
	func _init(options, client, random):
		_random = random
		_type = options.get("type", PROBE_TYPE)
		_names.client = client.to_utf8()
		for name in ["app", "world", "group"]:
			if options.has(name):
				_names[name] = options[name].to_utf8()

	func start(resume, now):
		if phase != IDLE:
			return
		_resume = resume
		if resume == null:
			_ask(now)
		else:
			_try(resume, [resume.server] + resume.alternates, now)

	# When `tick` is due.
	func wake_at():
		match phase:
			RESOLVING, WAITING:
				return _until
			SEARCHING:
				return _search_wake()
			PLAYING, TRYING, LEAVING:
				return _watch.wake_at() if _joining == null else int(min(_watch.wake_at(), _joining.wake_at()))
		return NEVER

	func tick(now):
		match phase:
			RESOLVING, WAITING:
				if now >= _until:
					if phase == WAITING:
						_ask(now)
					else:
						_request(now)
			SEARCHING:
				_search_tick(now)
			PLAYING, TRYING, LEAVING:
				if _joining != null and _settle_joining(_watch_tick(_joining, now)):
					return
				_settle(_watch_tick(_watch, now), now)

	# The door's name was resolved; none: it has no address, or nobody could be asked.
	func found_doors(doors, now):
		if doors.size() > 0 or _doors == null:
			_doors = doors
		if phase == RESOLVING:
			_request(now)

	func packet(channel, from, bytes, now):
		if phase == IDLE or phase == WAITING or phase == CLOSED:
			return
		var read = Wire.read_response(bytes, _type)
		if read.has("reason") or read.classic != 0:
			return
		if phase == SEARCHING:
			_search_packet(channel, from, read, now)
		elif phase != RESOLVING:
			if _joining != null and _settle_joining(_watch_packet(_joining, channel, from, read, now)):
				return
			_settle(_watch_packet(_watch, channel, from, read, now), now)

	# An error, or the end of a TCP connection. For UDP a hint: it may be forged, and the channel goes on.
	func channel_failed(channel, now):
		if phase == SEARCHING:
			for attempt in _attempts:
				if attempt.state == "live" and attempt.channel == channel:
					attempt.state = "failed"
		elif phase == PLAYING or phase == TRYING or phase == LEAVING:
			if _joining != null:
				_watch_failed(_joining, channel, now)
			_watch_failed(_watch, channel, now)

	func game_sent(count, now):
		if phase == PLAYING:
			_watch.sent += count
			if not _watch.running and now >= _watch.next_start():
				_start_keepalive(_watch, now)

	func game_received(now):
		if phase != PLAYING:
			return
		if _watch.last_received >= 0:
			if _watch.gaps.size() < 8:
				_watch.gaps.append(0)
			_watch.gaps[_watch.gap_at] = now - _watch.last_received
			_watch.gap_at = (_watch.gap_at + 1) % 8
		_watch.last_received = now
		_watch.flowed = true

	func game_lost(now):
		if phase == PLAYING:
			_lose("reported", "", now)

	# An unused seat goes back, where the way leads or here.
	func close(now):
		if phase == CLOSED or phase == LEAVING:
			return
		_end_search()
		if phase == PLAYING:
			if _joining != null and _joining.show != null:
				_end_watch(_watch)
				_watch = _joining
				_joining = null
			if _watch.show != null:
				_end_joining()
				phase = LEAVING
				_watch.leaving = true
				_start_keepalive(_watch, now)
				return
		_end()

	static func same_endpoint(one, other):
		return one.port == other.port and one.address == other.address

	static func has_endpoint(list, endpoint):
		for each in list:
			if same_endpoint(each, endpoint):
				return true
		return false

	func _do(what, fields = {}):
		var action = fields.duplicate()
		action.do = what
		actions.append(action)

	func _end():
		_end_joining()
		if _watch != null:
			_end_watch(_watch)
		phase = CLOSED
		_do("closed")

	func _open(kind, to, connected):
		_last_channel += 1
		_do("open", {"channel": _last_channel, "via": kind, "to": to, "connected": connected})
		return _last_channel

	func _own_address(to):
		return Wire.mapped(Wire.zeroes(4)) if Wire.family_behind(to.address) == 4 else Wire.zeroes(16)

	# ---- Asking the door ----

	# The name is resolved anew each time, but only the first request waits for it.
	func _ask(now):
		_asked_report = _report
		_report = null
		_until = now + 5000
		phase = RESOLVING
		_do("resolve")
		if _doors != null:
			_request(now)

	# By UDP with repeats from new source ports, after 1 s over TCP too; all stay open until the first answer.
	func _request(now):
		phase = SEARCHING
		_started = now
		_nonces = {}
		_attempts = []
		var doors = _doors if _doors != null else []
		for index in range(UDP_AT.size() if doors.size() > 0 else 0):
			_attempts.append(_attempt("udp", doors[(index + _turn) % doors.size()], UDP_AT[index]))
			_attempts[index].is_repeat = index >= doors.size()
		for index in range(min(TCP_AT.size(), doors.size())):
			_attempts.append(_attempt("tcp", doors[(index + _turn) % doors.size()], TCP_AT[index]))
		_search_tick(now)

	static func _attempt(kind, door, after):
		return {
			"via": kind, "door": door, "after": after, "is_repeat": false, "state": "due", "channel": 0, "cookies": 0,
			"cookie": null
		}

	# The first attempt, and one whose predecessor has failed, need not wait for their time.
	func _attempt_at(index):
		if _attempts[index].state != "due":
			return NEVER
		return _started if index == 0 or _attempts[index - 1].state == "failed" else _started + _attempts[index].after

	# UDP never says that nobody is there; where TCP has failed, it is waited for less.
	func _search_ends():
		var hopes = 0
		var others = 0
		for attempt in _attempts:
			if attempt.via == "tcp":
				others += 1
				hopes += 0 if attempt.state == "failed" else 1
		return _started + (2000 if others > 0 and hopes == 0 else 6000)

	func _search_wake():
		var wake = _search_ends()
		for index in range(_attempts.size()):
			wake = int(min(wake, _attempt_at(index)))
		return wake

	func _search_tick(now):
		var is_over = now >= _search_ends() or _attempts.size() == 0
		for index in range(0 if is_over else _attempts.size()):
			var attempt = _attempts[index]
			if now >= _attempt_at(index):
				attempt.state = "live"
				# A UDP socket to the door stays unconnected: a direct answer comes from the server's address.
				attempt.channel = _open(attempt.via, attempt.door, attempt.via == "tcp")
				_send_request(attempt)
		if is_over:
			_end_search()
			_turn += UDP_AT.size() if _doors != null and _doors.size() > UDP_AT.size() else 0
			_refuse("client.no-answer", 0, now)

	# One nonce a family: a door that has answered a nonce repeats that answer, whose address has a family.
	func _nonce(family):
		if not _nonces.has(family):
			_nonces[family] = _random.bytes(8)
		return _nonces[family]

	func _send_request(attempt):
		var fields = _names.duplicate()
		fields.nonce = _nonce(Wire.family_behind(attempt.door.address))
		fields.cookie = attempt.cookie
		fields.wait = _wait
		if _avoid.size() > 0:
			var avoid = PoolByteArray()
			for id in _avoid:
				avoid.append(id.size())
				avoid.append_array(id)
			fields.avoid = avoid
		if _asked_report != null:
			fields.ticket = _asked_report[0]
			fields.report = PoolByteArray([_asked_report[1]])
		# A repeat says that a direct answer may be what did not arrive: "want".
		if attempt.is_repeat:
			fields.want = PoolByteArray([4])
		var pad_to = _pad_to if attempt.via == "udp" else 0
		var bytes = Wire.write_request(_own_address(attempt.door), fields, _type, pad_to)
		_do("send", {"channel": attempt.channel, "to": attempt.door, "bytes": bytes})

	func _end_search():
		for attempt in _attempts:
			if attempt.state != "due":
				_do("close", {"channel": attempt.channel})
		_attempts = []

	func _search_packet(channel, from, read, now):
		for attempt in _attempts:
			if attempt.state != "due" and attempt.channel == channel:
				_judge(attempt, from, read, now)
				return

	func _judge(attempt, from, read, now):
		var door = attempt.door
		var family = Wire.family_behind(door.address)
		if read.nonce != _nonce(family):
			return
		var asked = same_endpoint(from, door)
		if read.has("error") or Wire.is_zero(read.address):
			var error = read.get("error", [0, 0])
			if asked and not _repeats(attempt, error[0], read.get("cookie")):
				_wait = read.get("wait")
				_end_search()
				_refuse(Wire.CODES.get(error[0], "assign.unavailable"), error[1], now)
			return
		if (4 if Wire.is_ipv4(read.address) else 6) != family:
			return
		var grant = Grant.from_response(read, door.address)
		if not asked:
			# The very server that the answer names may answer itself, from its probe port.
			var probe = {"address": grant.server.address, "port": grant.server.probe_port()}
			if attempt.via != "udp" or not same_endpoint(from, probe):
				return
		_wait = null
		_end_search()
		_watch = _watch_server(grant, attempt.via != "udp", now)
		_since = now
		_play(attempt.via)

	# Answers that ask for the same request once more, from the same port; false if they were answered enough.
	func _repeats(attempt, error, cookie):
		if error == 9 and cookie != null and attempt.cookies < MAX_COOKIES:
			attempt.cookies += 1
			attempt.cookie = cookie
		elif error == 4 and _pad_to < Wire.MAX_PACKET:
			_pad_to = Wire.MAX_PACKET
		else:
			return false
		_send_request(attempt)
		return true

	func _refuse(code, retry_after, now):
		var is_wrong_name = code == "assign.unknown-app" or code == "assign.unknown-world"
		if granted == null and is_wrong_name:
			_do("failed", {"code": code})
			_end()
			return
		# With every other server full or gone, the one that was lost may be back.
		if is_wrong_name or code == "assign.no-capacity" or code == "assign.unavailable":
			_avoid = []
		var retry_in = _back_off(retry_after, now)
		_do("refused", {"code": code, "retry_in_ms": retry_in})

	# Full jitter, which spreads a crowd that lost one server, after the door's own time, of which five minutes count.
	func _back_off(retry_after, now):
		var ceiling = min(30000, 250 << int(min(_failures, 7)))
		var retry_in = int(min(retry_after, 300000)) + int(_part() * ceiling)
		_failures += 1
		phase = WAITING
		_until = now + retry_in
		return retry_in

	# From 0 to 1, which is left out.
	func _part():
		return Wire.u32(_random.bytes(4), 0) / 4294967296.0

	# ---- Keepalives ----

	func _watch_server(grant, doubts, now, patience = 10000):
		var watch = Watch.new(grant, doubts, patience)
		_start_keepalive(watch, now)
		return watch

	func _start_keepalive(w, now):
		w.last_start = now
		w.started = now
		w.soon = NEVER
		w.not_before = 0
		w.sent = 0
		w.flowed = false
		w.running = true
		w.nonces = []
		w.transmissions = 0
		w.restarted = false
		_transmit(w, now)

	func _transmit(w, now):
		if w.path != "tcp":
			# The last transmission goes out by a fresh socket: the old one may be bound to a network that is gone.
			if w.udp.size() == 0 or w.transmissions == 2:
				w.udp.append(_open("udp", w.to, true))
			if w.udp.size() > 2:
				_do("close", {"channel": w.udp.pop_front()})
			_send_keepalive(w, "udp", w.udp[w.udp.size() - 1])
		if w.path == "tcp" or (w.path == "" and (w.doubts or w.transmissions > 0)):
			if w.tcp == 0:
				w.tcp = _open("tcp", w.to, true)
			_send_keepalive(w, "tcp", w.tcp)
		var timeout = w.timeout_ms()
		w.wake = now + (timeout if w.transmissions == 0 else timeout / 2)
		w.transmissions += 1
		# A forged hint may bring transmissions forward, but no server is lost sooner than `timeout`.
		if w.transmissions == 3:
			w.wake = int(max(w.wake, w.started + timeout))

	func _send_keepalive(w, kind, channel):
		var nonce = _random.bytes(8)
		w.nonces.append(nonce)
		var fields = {"nonce": nonce, "client": _names.client, "ticket": w.show}
		if w.leaving:
			fields.leave = PoolByteArray()
		var pad_to = KEEPALIVE_SIZES[w.size] if kind == "udp" else 0
		var bytes = Wire.write_request(_own_address(w.to), fields, _type, pad_to)
		_do("send", {"channel": channel, "to": w.to, "bytes": bytes})

	func _end_watch(w):
		w.running = false
		for channel in w.udp:
			_do("close", {"channel": channel})
		w.udp = []
		_close_tcp(w)

	func _close_tcp(w):
		if w.tcp != 0:
			_do("close", {"channel": w.tcp})
		w.tcp = 0

	# The way that is answered first is kept.
	func _heard(w, channel):
		if channel == w.tcp:
			if w.path == "":
				w.path = "tcp"
		elif w.path != "tcp":
			w.path = "udp"
			for other in w.udp:
				if other != channel:
					_do("close", {"channel": other})
			w.udp = [channel]
		if w.path == "tcp":
			for other in w.udp:
				_do("close", {"channel": other})
			w.udp = []
		else:
			_close_tcp(w)

	# What an answer or a silence means: [] that it lives; ["lost"], ["refused", code], ["moving", answer] or ["left"].
	func _watch_tick(w, now):
		if w.running and now >= w.wake:
			var is_over = w.transmissions == 3
			# A process that slept has not listened: answers may wait in its sockets, or its network just came back.
			if is_over and not w.restarted and now - w.wake > w.timeout_ms():
				w.restarted = true
				w.transmissions = 0
				w.started = now
				is_over = false
			if not is_over:
				_transmit(w, now)
				return []
			w.running = false
			if w.leaving:
				return ["left"]
			if not w.flows(now):
				return ["lost"]
		if not w.running and now >= w.next_start():
			_start_keepalive(w, now)
		return []

	func _watch_packet(w, channel, from, read, now):
		if not w.running or not w.owns(channel) or not same_endpoint(from, w.to) or not w.nonces.has(read.nonce):
			return []
		w.running = false
		_heard(w, channel)
		if w.leaving:
			return ["left"]
		if read.has("error"):
			return _obey_refusal(w, read.error, now)
		var zero = Wire.is_zero(read.address)
		if read.has("moving_ms") or (not zero and _is_other(read, w.grant.server)):
			if zero and _grow(w, now):
				return []
			# The answer may be about another server, so nothing but "alive" is taken from it.
			w.accepted = true
			w.show = null
			w.soon = now + 2000
			return ["moving", read]
		w.accepted = true
		w.show = null
		w.grant.server.id = read.get("server", w.grant.server.id)
		w.grant.server.learn_ports(read.get("ports", []))
		w.grant.keepalive = read.get("keepalive", w.grant.keepalive)
		return []

	func _obey_refusal(w, error, now):
		var code = Wire.CODES.get(error[0], "assign.unavailable")
		match code:
			"wire.request-too-small":
				_grow(w, now)
				return []
			"door.rate-limited", "door.cookie-required", "assign.unavailable":
				# No longer than the interval, so that a server which then dies is still missed.
				w.not_before = now + int(min(error[1], w.interval_ms()))
				if w.show != null:
					w.soon = now + 2000
				return []
		if not w.flows(now):
			return ["refused", code]
		# The game has let the client in: what the agent thinks of the ticket moves nobody.
		w.show = null
		_do("ticket_refused", {"code": code})
		return []

	# Several servers of one machine share its address, so the id decides where the answer has one.
	static func _is_other(read, server):
		if read.has("server") and server.id.size() > 0:
			return read.server != server.id
		var address = Wire.reached_like(read.address, server.address)
		return address != server.address and (server.other_address == null or address != server.other_address)

	# Asks again with more room, once for each size; a server that wants more than there is just lives.
	func _grow(w, now):
		if w.size == KEEPALIVE_SIZES.size() - 1:
			return false
		w.size += 1
		_start_keepalive(w, now)
		return true

	# A hint that nobody listens there: it brings forward what would have come anyway.
	func _watch_failed(w, channel, now):
		if not w.owns(channel):
			return
		if channel == w.tcp:
			_close_tcp(w)
		if w.running:
			if w.transmissions < 3:
				_transmit(w, now)
		elif now - w.last_start >= 1000:
			_start_keepalive(w, now)

	# ---- Losing a server, and moving ----

	func _play(how):
		var grant = _watch.grant
		var same = _resume != null and grant.server.id == _resume.server.id and grant.ticket == _resume.ticket
		var event = "assigned" if granted == null else "reassigned"
		granted = grant
		_via = how
		_told = ""
		phase = PLAYING
		_do(event, {"grant": grant, "via": how, "resumed": same})
		if _watch.accepted:
			_confirm()

	# The server has answered: what went wrong before is over.
	func _confirm():
		_failures = 0
		_avoid = []

	func _settle(outcome, now):
		match phase:
			TRYING:
				if _watch.accepted:
					_play("tcp" if _watch.path == "tcp" else "udp")
				elif outcome.size() > 0:
					_try_next(outcome, now)
			LEAVING:
				if outcome.size() > 0:
					_end()
			PLAYING:
				if _watch.accepted:
					_confirm()
				if outcome.size() == 0:
					return
				if outcome[0] == "moving":
					_follow(outcome[1], now)
				elif outcome[0] == "refused":
					_lose("refused", outcome[1], now)
				else:
					_lose("silent", "", now)

	# The same for the server that is about to be joined: true once it has taken the client in.
	func _settle_joining(outcome):
		if _joining.accepted:
			_end_watch(_watch)
			_watch = _joining
			_joining = null
			_play("tcp" if _watch.path == "tcp" else "udp")
			return true
		if outcome.size() > 0:
			_end_joining()
		return false

	func _end_joining():
		if _joining != null:
			_end_watch(_joining)
		_joining = null

	# One way at a time: the same seat is named again in every answer until the client has gone.
	func _follow(read, now):
		var named = not Wire.is_zero(read.address) and _is_other(read, _watch.grant.server)
		if named and _joining == null:
			var grant = Grant.from_response(read, _watch.grant.server.address)
			# Named by address alone: the same ports there.
			if grant.server.ports.size() == 0:
				grant.server.ports = _watch.grant.server.ports.duplicate()
			_joining = _watch_server(grant, _watch.path == "tcp", now)
		var told = "named" if named else "moving"
		if told != _told:
			_told = told
			_do("moving", {"ends_in_ms": read.get("moving_ms", -1), "named": named})

	func _lose(reason, code, now):
		var grant = _watch.grant
		var accepted = _watch.accepted
		_end_watch(_watch)
		granted = grant
		_shun(grant, 2 if reason == "refused" else 1)
		_do("lost", {"reason": reason, "code": code})
		# A server that never answered counts like a refusal: else a broken pool would be asked without pause.
		if not accepted:
			_failures = int(max(_failures, 1))
		if _joining != null:
			_watch = _joining
			_joining = null
			_rest = _watch.grant.alternates
			_owner = PoolByteArray()
			phase = TRYING
			return
		# Servers do not refuse whole crowds at once.
		if reason == "refused":
			_since = now
		# A ticket that was refused here is no better at an alternate.
		_try(grant, [] if reason == "refused" or grant.ticket == null else grant.alternates, now)

	func _shun(grant, reason):
		var id = grant.server.id
		if id.size() > 0:
			_avoid.erase(id)
			_avoid.push_front(id)
			if _avoid.size() > MAX_AVOID:
				_avoid.resize(MAX_AVOID)
		_report = null if grant.ticket == null else [grant.ticket, reason]

	# These servers in turn, with the seat of `grant`; then the door.
	func _try(grant, servers, now):
		_owner = grant.server.id
		_rest = servers
		_try_rest(grant, now)

	func _try_next(outcome, now):
		var grant = _watch.grant
		_end_watch(_watch)
		# Where the ticket's own server refuses it, it is worth nothing elsewhere either.
		if outcome[0] == "refused" and grant.server.id.size() > 0 and grant.server.id == _owner:
			_rest = []
		_try_rest(grant, now)

	func _try_rest(grant, now):
		if _rest.size() > 0:
			var others = _rest.duplicate()
			var next = others.pop_front()
			_rest = others
			phase = TRYING
			# Who has a ticket shows it to alternates in haste: they may be gone as well.
			var is_owner = next.id.size() > 0 and next.id == _owner
			var patience = 10000 if grant.ticket == null or is_owner else 250
			_watch = _watch_server(grant.with_server(next.copy(), others), _via != "udp", now, patience)
			return
		if _resume != null and granted == null:
			_shun(_resume, 1)
		_resume = null
		if _failures > 0:
			_back_off(0, now)
		elif granted == null:
			_ask(now)
		else:
			# A crowd that lost one server comes to the door spread over 5 s, or over as long as it has played.
			phase = WAITING
			_until = now + int(_part() * min(5000, now - _since))
