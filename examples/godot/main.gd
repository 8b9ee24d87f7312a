extends Node
var session = preload("res://onedoor.gd").new()
func _ready():
	session.connect("assigned", self, "_on_server")
	session.connect("reassigned", self, "_on_server")
	session.open("127.0.0.1")
func _process(delta):
	session.poll(delta)
func _on_server(server, _from = null):
	print("playing on ", server.id, " at ", server.address, ":", server.ports.game)
