# SPDX-License-Identifier: GPL-2.0-only
# Instructions of one operation without a sensor, and what each sensor adds.

FILENAME ~ /targets$/ {
	split($0, word, " ")
	if (word[1] == "operation")
		target[word[2]] = word[3]
	next
}

{ split($0, field, "\t") }

field[1] == "operation" {
	sensor = field[2]
	name = field[3]
	if (!(sensor in known)) {
		known[sensor] = 1
		sensors[++columns] = sensor
	}
	if (!(name in listed)) {
		listed[name] = 1
		names[++rows] = name
	}
	# A seteuid is half of what is repeated: there and back.
	cost[sensor, name] = field[5] / field[4] / (name == "seteuid" ? 2 : 1)
}

# The number with commas.
function commas(number,  text) {
	text = sprintf("%.0f", number)
	while (match(text, /[0-9][0-9][0-9][0-9](,|$)/))
		text = substr(text, 1, RSTART) "," substr(text, RSTART + 1)
	return text == "-0" ? "0" : text
}

# What is told of one: without a sensor all of it.
function told(sensor, name) {
	if (!((sensor, name) in cost) || !(("bare", name) in cost))
		return "-"
	if (sensor == "bare")
		return commas(cost[sensor, name])
	return commas(cost[sensor, name] - cost["bare", name])
}

function verdict(name,  over) {
	if (!(name in target) || !(("kith", name) in cost))
		return ""
	over = cost["kith", name] - cost["bare", name] - target[name]
	return over < 0.5 ? "at or under" : "OVER by " commas(over)
}

END {
	line = "| operation |"
	rule = "|---|"
	for (i = 1; i <= columns; i++) {
		line = line " " (sensors[i] == "bare" ? "" : "+") sensors[i] " |"
		rule = rule "---:|"
	}
	print line " target | Kith is |"
	print rule "---:|---|"
	for (j = 1; j <= rows; j++) {
		name = names[j]
		line = "| " name " |"
		for (i = 1; i <= columns; i++)
			line = line " " told(sensors[i], name) " |"
		print line " " (name in target ? commas(target[name]) : "") " | " verdict(name) " |"
	}
}
