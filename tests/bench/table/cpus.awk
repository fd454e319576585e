# SPDX-License-Identifier: GPL-2.0-only
# Instructions of one operation while all processors make such, and what Kith adds.

FILENAME ~ /targets$/ { next }

{ split($0, field, "\t") }

field[1] == "cpus" {
	if (!(field[3] in listed)) {
		listed[field[3]] = 1
		names[++rows] = field[3]
	}
	if (!(field[4] in counted)) {
		counted[field[4]] = 1
		counts[++columns] = field[4]
	}
	cost[field[2], field[3], field[4]] = field[6] / field[5] / (field[3] == "seteuid" ? 2 : 1)
}

END {
	line = "| operation |"
	rule = "|---|"
	for (i = 1; i <= columns; i++) {
		line = line " " counts[i] " CPUs: bare | Kith adds |"
		rule = rule "---:|---:|"
	}
	print line
	print rule
	for (j = 1; j <= rows; j++) {
		line = "| " names[j] " |"
		for (i = 1; i <= columns; i++) {
			bare = cost["bare", names[j], counts[i]]
			kith = cost["kith", names[j], counts[i]]
			line = line sprintf(" %.0f | %+.0f |", bare, kith - bare)
		}
		print line
	}
}
