# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Long steps, told on one line each: what is being done, a dot every ten seconds,
# and how long it took. What the command says is shown only if it fails.

STEP_LOG=''	# file for what the command says; set it
STEP_DOTS=''	# descriptor that keeps the dots coming

# Without a fork, so that nobody sees us wait.
step_dots() {
	local status
	while :; do
		status=0
		read -r -t 10 || status=$?
		[ $status -gt 128 ] || break
		printf .
	done
}

# The dots end when nobody holds the descriptor any more.
step_begin() {
	STEP_AT=$SECONDS
	printf '  %s ' "$1"
	exec {STEP_DOTS}> >(step_dots)
	STEP_DOTTER=$!
}

step_end() {
	exec {STEP_DOTS}>&-
	wait "$STEP_DOTTER" || true
	printf '%s\n' "${1- $((SECONDS - STEP_AT)) s}"
}

# step WHAT COMMAND...
step() {
	local status=0
	step_begin "$1"
	shift
	"$@" >"$STEP_LOG" 2>&1 {STEP_DOTS}>&- || status=$?
	if [ $status -eq 0 ]; then step_end; return; fi
	step_end ' FAILED'
	tail -n 40 "$STEP_LOG" >&2
	return $status
}
