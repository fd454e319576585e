# SPDX-License-Identifier: GPL-2.0-only
# Instructions of whole jobs (or of a unit of those that last for a time), and what each
# sensor adds in per cent; what it stores of it: rows and KiB.

FILENAME ~ /targets$/ {
	split($0, word, " ")
	if (word[1] == "job")
		target[word[2]] = word[3] / 100
	next
}

{ split($0, field, "\t") }

field[1] == "job" {
	sensor = field[2]
	name = field[3]
	if (!(sensor in known)) {
		known[sensor] = 1
		if (sensor != "bare")
			sensors[++columns] = sensor
	}
	if (!(name in listed)) {
		listed[name] = 1
		names[++rows] = name
	}
	units[sensor, name] = field[4]
	cost[sensor, name] = field[5] / field[4]
	stored[sensor, name] = field[6] " " field[7]
}

function percent(sensor, name) {
	return 100 * (cost[sensor, name] / cost["bare", name] - 1)
}

# Rows and KiB, of one that stores something; of what lasts for a time, by 1,000 units.
function kept(sensor, name,  part, per) {
	split(stored[sensor, name], part, " ")
	if (part[2] == "-" || part[2] == "")
		return ""
	per = units[sensor, name] > 1 ? units[sensor, name] / 1000 : 1
	return sprintf(" (%s%.0f KiB)", part[1] == "-" ? "" : sprintf("%.0f rows, ", part[1] / per),
		part[2] / 1024 / per)
}

function told(sensor, name) {
	if (!((sensor, name) in cost) || !(("bare", name) in cost))
		return "-"
	return sprintf("%+.2f%s", percent(sensor, name), kept(sensor, name))
}

function verdict(name) {
	if (!(name in target) || !(("kith", name) in cost))
		return ""
	return percent("kith", name) <= target[name] ? "at or under" : "OVER"
}

END {
	line = "| job | bare, million |"
	rule = "|---|---:|"
	for (i = 1; i <= columns; i++) {
		line = line " " sensors[i] ", % |"
		rule = rule "---:|"
	}
	print line " target | Kith is |"
	print rule "---:|---|"
	for (j = 1; j <= rows; j++) {
		name = names[j]
		line = "| " name (units["bare", name] > 1 ? " (a request)" : "") " | "
		line = line sprintf("%.3f |", cost["bare", name] / 1e6)
		for (i = 1; i <= columns; i++)
			line = line " " told(sensors[i], name) " |"
		print line " " target[name] " | " verdict(name) " |"
	}
}
