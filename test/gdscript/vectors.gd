# Reads and writes the packets of job.json and prints what comes out, a line of JSON each: test/real/gdscript.test.ts.
extends SceneTree

const Onedoor = preload("res://onedoor.gd")
const Wire = Onedoor.Wire


func _init():
	var file = File.new()
	file.open("res://job.json", File.READ)
	for each in JSON.parse(file.get_as_text()).result:
		print("> ", JSON.print(plain(answer(each))))
	quit()


func answer(job):
	match job.do:
		"read":
			return Wire.read_response(unhex(job.hex), int(job.type))
		"write":
			var fields = {}
			for name in job.fields:
				fields[name] = unhex(job.fields[name])
			return Wire.write_request(unhex(job.address), fields, 0xFFFF, int(job.padTo))
		"classic":
			return Wire.write_classic(int(job.family), int(job.type))
		"frames":
			return frames(unhex(job.hex))
		"address":
			var address = Wire.parse_address(job.text)
			return [address, Wire.format_address(address) if address.size() == 16 else ""]
		"door":
			return Onedoor.split_door(job.text)
		"open":
			return Onedoor.new().open(job.door, job.options)


# Lengths of a stream's packets, then a reason if it ends in one.
func frames(bytes):
	var lengths = []
	while true:
		var length = Wire.frame(bytes)
		if length < 0:
			lengths.append(length)
		if length <= 0 or length > bytes.size():
			return lengths
		lengths.append(length)
		bytes = Wire.cut(bytes, length, bytes.size() - length)


func unhex(text):
	var bytes = PoolByteArray()
	for at in range(0, text.length(), 2):
		bytes.append(("0x" + text.substr(at, 2)).hex_to_int())
	return bytes


func plain(value):
	match typeof(value):
		TYPE_RAW_ARRAY:
			return value.hex_encode()
		TYPE_ARRAY:
			var list = []
			for each in value:
				list.append(plain(each))
			return list
		TYPE_DICTIONARY:
			var fields = {}
			for name in value:
				fields[name] = plain(value[name])
			return fields
	return value
