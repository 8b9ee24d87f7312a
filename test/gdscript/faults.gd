# Plays a session against each door of job.json and prints what it tells, a line of JSON each: the door's port, the
# event by the names of tools/fake-door/faults.json, and its fields. Ends when each session has had its `wanted` events
# and was watched for `lingerMs` more, or after `deadlineMs`.
extends SceneTree

const Onedoor = preload("res://onedoor.gd")

var games = []
var ends_at = 0


class Game:
	var session = Onedoor.new()
	var port
	var left
	var linger_ms
	var had_all_at = -1
	# Gives its first server up and closes on the second, from inside of the signals.
	var ends = false

	func _init(job):
		port = int(job.port)
		left = int(job.wanted)
		linger_ms = int(job.lingerMs)
		for name in ["assigned", "lost", "reassigned", "moving", "refused", "ticket_refused", "failed", "closed"]:
			session.connect(name, self, "_on_" + name)
		ends = job.get("ends", false)
		session.open("%s:%d" % [job.get("host", "127.0.0.1"), port], job.get("options", {}))

	func tell(event, fields):
		fields.port = port
		fields.event = event
		print("> ", JSON.print(fields))
		left -= 1
		if left == 0:
			had_all_at = OS.get_ticks_msec()

	func is_over():
		return had_all_at >= 0 and OS.get_ticks_msec() - had_all_at >= linger_ms

	func playing():
		return {"server": session.server.id, "via": session.via, "ticket": session.ticket, "resumed": session.resumed}

	func _on_assigned(_server):
		var fields = playing()
		fields.state = session.state()
		tell("assigned", fields)
		if ends:
			session.report_lost()

	func _on_reassigned(_server, from):
		var fields = playing()
		fields.from = from.id
		tell("reassigned", fields)
		if ends:
			session.close()

	func _on_lost(server, reason, code):
		tell("lost", {"server": server.id, "reason": reason, "code": code})

	func _on_moving(_server, ends_in_ms, named):
		tell("moving", {"endsInMs": ends_in_ms, "named": named})

	func _on_refused(code, retry_in_ms):
		tell("waiting", {"code": code, "retryInMs": retry_in_ms})

	func _on_ticket_refused(code):
		tell("ticket-refused", {"code": code})

	func _on_failed(code):
		tell("failed", {"code": code})

	func _on_closed():
		tell("closed", {})


func _init():
	Engine.target_fps = 200
	var file = File.new()
	file.open("res://job.json", File.READ)
	var job = JSON.parse(file.get_as_text()).result
	ends_at = OS.get_ticks_msec() + int(job.deadlineMs)
	for each in job.games:
		games.append(Game.new(each))


func _idle(_delta):
	var busy = []
	for game in games:
		game.session.poll()
		if not game.is_over():
			busy.append(game)
	games = busy
	if games.size() == 0 or OS.get_ticks_msec() > ends_at:
		quit()
