# SPDX-License-Identifier: GPL-2.0-only
# Against the rate: what was made of it, what was lost, the processor's time, and how long
# a call took.

FILENAME ~ /targets$/ { next }

{ split($0, field, "\t") }

field[1] == "loss" {
	gsub(/ /, "", field[11])
	key = field[3] SUBSEP field[4]
	if (!(key in listed)) {
		listed[key] = 1
		keys[++rows] = key
	}
	line = sprintf("| %s | %d | %s | %.0f | %s | %s | %.0f (%.0f) | %d | %d |", field[3], field[4],
		field[2], field[6] * 1000 / field[5], field[11], field[12], field[7] / field[5] / 1e4,
		field[8] / field[5] / 1e4, field[9], field[10])
	lines[key] = lines[key] line "\n"
}

END {
	print "| event | offered/s | sensor | made/s | rows | lost | CPU % (of it after the end) |" \
		" median | 99 % |"
	print "|---|---:|---|---:|---:|---|---:|---:|---:|"
	for (i = 1; i <= rows; i++)
		printf "%s", lines[keys[i]]
}
