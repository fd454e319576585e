# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the cases share; read inside the guest. $IN holds what was built: kith.ko,
# kithd, kith, forge.ko and the workloads.

DIR=/tmp/kith
DB=$DIR/kith.db
TRUTH=$DIR/truth.db
FAILED=0

say() { printf '    %s\n' "$*"; }

fail() {
	FAILED=$((FAILED + 1))
	printf '  FAIL: %s\n' "$*"
}

# is WHAT EXPECTED ACTUAL
is() {
	[ "$2" = "$3" ] || fail "$1: expected '$2', found '$3'"
}

# at_most WHAT LIMIT ACTUAL
at_most() {
	[ "$3" -le "$2" ] || fail "$1: expected at most $2, found $3"
}

# must COMMAND...: it succeeds.
must() {
	"$@" || fail "exit status $? of: $*"
}

# await COMMAND...: until it succeeds, for a minute.
await() {
	for _ in $(seq 600); do
		"$@" 2>/dev/null && return
		sleep 0.1
	done
	fail "never came true: $*"
}

# Load the module, with parameters.
load() {
	insmod "$IN/kith.ko" "$@" || { fail "insmod kith.ko $*"; return 1; }
}

# Start kithd on $DB with further options, and wait until all is stored.
# shellcheck disable=SC2120 # cases give options
collect() {
	"$IN/kithd" --db "$DB" --config /dev/null "$@" 2>>$DIR/kithd.log &
	KITHD=$!
	for _ in $(seq 100); do
		[ -s "$DB" ] && "$IN/kith" status --db "$DB" --wait-synced >/dev/null 2>&1 &&
			return 0
		kill -0 "$KITHD" 2>/dev/null || break
		sleep 0.1
	done
	fail "kithd does not collect: $(tail -n 3 $DIR/kithd.log)"
	return 1
}

# A fresh database and module, and kithd on it.
start() {
	mkdir -p $DIR
	rm -f "$DB"*
	# shellcheck disable=SC2119 # ours are the module's
	load "$@" && collect
}

# Until everything so far can be queried.
synced() {
	"$IN/kith" status --db "$DB" --wait-synced=120 >/dev/null ||
		fail "not synced: $(tail -n 3 $DIR/kithd.log)"
}

stop_collecting() {
	kill -TERM "$KITHD" 2>/dev/null
	wait "$KITHD"
	is "exit status of kithd" 0 $?
}

stop() {
	stop_collecting
	rmmod kith || fail "rmmod kith"
	is "integrity of the database" ok "$(q 'PRAGMA integrity_check')"
}

# q SQL: ask the database.
q() { sqlite3 -readonly -bail -separator ',' "$DB" "$@"; }

# none WHAT SQL: the query gives no rows.
none() {
	local rows
	rows=$(q "$2" 2>&1)
	[ -z "$rows" ] || fail "$1: $(wc -l <<<"$rows") rows: $(head -n 5 <<<"$rows")"
}

# value WHAT EXPECTED SQL
value() { is "$1" "$2" "$(q "$3" 2>&1)"; }

# truth TABLE COLUMNS FILE: a log of the truth as table TABLE of $TRUTH.
truth() {
	sqlite3 -bail "$TRUTH" "DROP TABLE IF EXISTS $1; CREATE TABLE $1 ($2)" \
		'.mode csv' ".import '$3' $1" || fail "cannot read the truth in $3"
}

# against SQL: ask, with the truth attached as t, and the view of processes
# copied once, since joins on it by anything but its key are slow.
against() {
	sqlite3 -bail -separator ',' ':memory:' "ATTACH 'file:$DB?mode=ro' AS k" \
		"ATTACH '$TRUTH' AS t" \
		'CREATE TEMP TABLE p AS SELECT * FROM k.process' \
		'CREATE INDEX p_argv ON p (argv)' 'CREATE INDEX p_pid ON p (pid)' \
		'CREATE INDEX p_id ON p (process_id)' "$@"
}

# same WHAT TRUTH TOLD: what the two SELECTs give is the same, and not nothing.
same() {
	is "$1, missing and invented" '' "$(against "CREATE TEMP TABLE really AS $2" \
		"CREATE TEMP TABLE told AS $3" "
		SELECT 'there is no truth' WHERE NOT EXISTS (SELECT 1 FROM really);
		SELECT 'missing', * FROM (SELECT * FROM really EXCEPT SELECT * FROM told) LIMIT 5;
		SELECT 'invented', * FROM (SELECT * FROM told EXCEPT SELECT * FROM really)
			LIMIT 5" 2>&1)"
}

# accounted: for each class, what the module emitted is what is stored and lost.
# One command looks at both, since every command is an event itself. So is what kithd
# does with its files: that may be told between the one look and the other.
accounted() {
	local differing
	for _ in 1 2 3 4 5; do
		differing=$(unaccounted)
		[ -n "$differing" ] || return 0
	done
	fail "classes not accounted for (class|emitted|stored|lost): $differing"
}
unaccounted() {
	local json
	json=$("$IN/kith" status --db "$DB" --json --wait-synced=120) || fail 'not synced'
	sqlite3 ':memory:' "
		SELECT key, value ->> 'emitted', value ->> 'stored', value ->> 'lost'
		FROM json_each('$json', '\$.module.classes')
		WHERE value ->> 'emitted' <> (value ->> 'stored') + (value ->> 'lost')"
}
