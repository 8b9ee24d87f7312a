# Feeds sessions with answers that were damaged: job.json has `count` and `seed`; the same numbers give the same run.
# Prints what became of them, and how many sessions were ever told to use an address that no valid answer named: one
# from where it was asked, with a nonce that it had sent.
extends SceneTree

const Onedoor = preload("res://onedoor.gd")
const Wire = Onedoor.Wire
const Machine = Onedoor.Machine
const AT_ONCE = 500
const ROLES_AND_PORTS = [0, 0x1E, 0x61, 1, 0x1B, 0x58, 16, 1, 2]
const PAGE = [1, 2, 3, 4, 0, 0, 0, 1, 19, 1, 97, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 1, 10, 0]
const CODES = [
	"assign.no-capacity", "assign.unknown-app", "assign.unknown-world", "wire.request-too-small", "door.rate-limited",
	"assign.unavailable", "ticket.ticket-rejected", "ticket.clock", "door.cookie-required", "client.no-answer", ""
]

var rng = RandomNumberGenerator.new()
var machine = null
var channels = {}
# Addresses in hex that a valid answer of this session may have named.
var named = {}
var now = 0
var done = 0
var total = 0
var addresses = 0
var joined = 0
var lost = 0
var refused = 0
var wrong = 0
var unknown = 0
var started_us = OS.get_ticks_usec()


class Source:
	var rng

	func _init(its_rng):
		rng = its_rng

	func bytes(count):
		var drawn = PoolByteArray()
		for _i in range(count):
			drawn.append(rng.randi() & 0xFF)
		return drawn


func _init():
	var file = File.new()
	file.open("res://job.json", File.READ)
	var job = JSON.parse(file.get_as_text()).result
	total = int(job.count)
	rng.seed = int(job.seed)
	start()


func _idle(_delta):
	if done == total:
		return
	for _i in range(min(AT_ONCE, total - done)):
		if machine.phase == Machine.CLOSED or done % 5000 == 4999:
			start()
		done += 1
		one()
	if done < total:
		return
	var seconds = (OS.get_ticks_usec() - started_us) / 1000000.0
	print("> ", JSON.print({
		"answers": done, "joined": joined, "lost": lost, "refused": refused, "wrong": wrong, "unknown": unknown,
		"perSecond": int(done / seconds)
	}))
	quit()


func draw(below):
	return rng.randi() % below


func start():
	channels = {}
	named = {}
	machine = Machine.new({"app": "app", "world": "world"}, "fuzz", Source.new(rng))
	machine.start(null, now)
	machine.found_doors([{"address": Wire.mapped(PoolByteArray([127, 0, 0, 1])), "port": 7000}], now)
	perform()


func one():
	var channel = pick()
	if channel != null:
		var nonce = channel.nonces[draw(channel.nonces.size())] if channel.nonces.size() > 0 else random(8)
		deliver(channel, damage(answer(random(8) if draw(8) == 0 else nonce)))
	if draw(3) == 0:
		other_input()
	if draw(3) == 0:
		now += draw(900)
	if machine.phase != Machine.CLOSED and draw(2) == 0:
		if channel == null:
			now += int(min(max(machine.wake_at() - now, 0), 400000))
		machine.tick(now)
		perform()


func pick():
	if channels.size() == 0:
		return null
	return channels.values()[draw(channels.size())]


func deliver(channel, bytes):
	var from = channel.to
	if draw(8) == 0:
		from = {"address": from.address, "port": from.port ^ (1 + draw(100))}
	else:
		note(bytes, channel)
	machine.packet(channel.id, from, bytes, now)
	perform()


# What a packet may name if its nonce and its source are right, whatever else is in it.
func note(bytes, channel):
	var hex = bytes.hex_encode()
	for nonce in channel.nonces:
		if hex.find(nonce.hex_encode()) >= 0:
			named[hex.substr(8, 32)] = true
			for mark in ["850014", "850028"]:
				var at = hex.find(mark)
				while at >= 0:
					named[hex.substr(at + 6, 32)] = true
					named[hex.substr(at + 46, 32)] = true
					at = hex.find(mark, at + 1)
			return


func other_input():
	var channel = pick()
	match draw(6):
		0, 1:
			machine.tick(now)
		2:
			machine.game_sent(1, now)
		3:
			machine.game_received(now)
		4:
			if draw(4) == 0:
				machine.game_lost(now)
		5:
			if channel != null:
				machine.channel_failed(channel.id, now)
	if draw(2000) == 0:
		machine.close(now)
	perform()


func perform():
	while machine.actions.size() > 0:
		var action = machine.actions.pop_front()
		match action.do:
			"open":
				channels[action.channel] = {"id": action.channel, "to": action.to, "nonces": []}
			"send":
				if channels.has(action.channel):
					channels[action.channel].to = action.to
					channels[action.channel].nonces.append(Wire.cut(action.bytes, 23, 8))
			"close":
				channels.erase(action.channel)
			"assigned", "reassigned":
				joined += 1
				var address = action.grant.server.address
				if Wire.is_zero(address) or not named.has(address.hex_encode()):
					wrong += 1
			"lost":
				lost += 1
				unknown += 0 if CODES.has(action.code) else 1
			"refused", "ticket_refused", "failed":
				refused += 1
				unknown += 0 if CODES.has(action.code) and action.code != "" else 1
			"resolve", "moving", "closed":
				pass
			_:
				unknown += 1


func random(count):
	return Source.new(rng).bytes(count)


func address():
	addresses += 1
	return Wire.mapped(PoolByteArray([10, addresses >> 16 & 0xFF, addresses >> 8 & 0xFF, addresses & 0xFF]))


func option(packet, code, value):
	packet.append(code)
	packet.append_array(Wire.number(value.size(), 2))
	packet.append_array(value)
	return packet


func set_length(packet):
	packet.set(0, packet.size() >> 8 & 0xFF)
	packet.set(1, packet.size() & 0xFF)
	return packet


# An answer as a door or an agent might give it.
func answer(nonce):
	var kind = draw(8)
	var packet = PoolByteArray([0, 0, 0xFF, 0xFF])
	packet.append_array(address() if kind < 6 else Wire.zeroes(16))
	packet = option(packet, 0x01, nonce)
	if draw(2) == 0:
		packet = option(packet, 0x06, "eyJhbGciOiJFZERTQSJ9.abcdefghij".repeat(1 + draw(17)).to_ascii())
	if draw(4) > 0:
		packet = option(packet, 0x81, ("i-0123456789abcdef0.%d" % draw(10)).substr(0, 1 + draw(21)).to_ascii())
	if draw(3) > 0:
		packet = option(packet, 0x82, Wire.cut(PoolByteArray(ROLES_AND_PORTS), 0, 3 * (1 + draw(3))))
	if draw(3) > 0:
		packet = option(packet, 0x84, PoolByteArray([0, draw(4), 0, draw(20), draw(4), draw(256)]))
	if draw(3) == 0:
		var alternates = PoolByteArray()
		for _i in range(1 + draw(2)):
			alternates.append_array(address())
			alternates.append_array(PoolByteArray([0x1E, 0x61, 0x1B, 0x58]))
		packet = option(packet, 0x85, alternates)
	if draw(5) == 0:
		packet = option(packet, 0x86, random(4))
	if draw(9) == 0:
		packet = option(packet, 0x87, PoolByteArray(PAGE))
	if draw(9) == 0:
		packet = option(packet, 0x88, random(21 + draw(40)))
	if draw(9) == 0:
		packet = option(packet, 0x0B, "wait-token".to_ascii())
	if kind == 7:
		var code = draw(12)
		packet = option(packet, 0xE0, PoolByteArray([0, code, 0, 0, draw(3), 0, 0, 0, 0]))
		if code == 9:
			packet = option(packet, 0x08, random(20))
	return set_length(packet)


func damage(packet):
	for _i in range(draw(4)):
		var size = packet.size()
		if size == 0:
			return packet
		match draw(5):
			0:
				var at = draw(size)
				packet.set(at, packet[at] ^ 1 << draw(8))
			1:
				packet.set(draw(size), draw(256))
			2:
				packet = Wire.cut(packet, 0, draw(size + 1))
				if packet.size() > 1 and draw(2) == 0:
					packet = set_length(packet)
			3:
				var at = draw(size)
				var longer = Wire.cut(packet, 0, at)
				longer.append_array(random(1 + draw(30)))
				longer.append_array(Wire.cut(packet, at, size - at))
				packet = set_length(longer) if draw(2) == 0 and longer.size() > 1 else longer
			4:
				var from = draw(size)
				var piece = Wire.cut(packet, from, int(min(30, size - from)))
				var to = draw(size)
				var moved = Wire.cut(packet, 0, to)
				moved.append_array(piece)
				if to + piece.size() < size:
					moved.append_array(Wire.cut(packet, to + piece.size(), size - to - piece.size()))
				packet = moved
	return packet
