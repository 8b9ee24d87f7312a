# Plays the scenario of job.json on a virtual clock and prints what the machine does, a line of JSON for each action.
# Steps: {"until": ms}: time passes, with each tick when it is due. {"answer": hex}: to the newest packet that was sent,
# whose nonce takes the place of the one in `hex`. {"sent": n}, {"received": n}, {"lost": 1}, {"close": 1}. {"sleep":
# ms}: time passes without a tick.
extends SceneTree

const Onedoor = preload("res://onedoor.gd")
const Wire = Onedoor.Wire

var machine = null
var now = 0
var newest = null


func _init():
	var file = File.new()
	file.open("res://job.json", File.READ)
	var job = JSON.parse(file.get_as_text()).result
	machine = Onedoor.Machine.new({"app": "arena"}, "client", Onedoor.Entropy.new())
	machine.start(null, now)
	var doors = []
	for door in job.doors:
		doors.append({"address": Wire.parse_address(door), "port": 7000})
	machine.found_doors(doors, now)
	for step in job.steps:
		take(step)
	quit()


func take(step):
	tell()
	for what in step:
		var value = step[what]
		match what:
			"until":
				while machine.wake_at() <= value:
					now = int(max(now, machine.wake_at()))
					machine.tick(now)
					tell()
				now = int(value)
			"sleep":
				now += int(value)
			"answer":
				var bytes = PoolByteArray()
				for at in range(0, value.length(), 2):
					bytes.append(("0x" + value.substr(at, 2)).hex_to_int())
				for at in range(8):
					bytes.set(23 + at, newest.bytes[23 + at])
				machine.packet(newest.channel, newest.to, bytes, now)
			"sent":
				machine.game_sent(int(value), now)
			"received":
				machine.game_received(now)
			"lost":
				machine.game_lost(now)
			"close":
				machine.close(now)
	tell()


func tell():
	while machine.actions.size() > 0:
		var action = machine.actions.pop_front()
		var line = {"at": now, "do": action.do}
		match action.do:
			"send":
				newest = action
				line.to = "%s:%d" % [Wire.format_address(action.to.address), action.to.port]
				line.size = action.bytes.size()
				line.nonce = Wire.cut(action.bytes, 23, 8).hex_encode()
				line.channel = action.channel
			"open":
				line.via = action.via
				line.channel = action.channel
			"close":
				line.channel = action.channel
			"assigned", "reassigned":
				line.id = Wire.text_of(action.grant.server.id)
				line.address = Wire.format_address(action.grant.server.address)
			"lost":
				line.reason = action.reason
			"refused":
				line.code = action.code
				line.retryInMs = action.retry_in_ms
			"moving":
				line.named = action.named
				line.endsInMs = action.ends_in_ms
		print("> ", JSON.print(line))
