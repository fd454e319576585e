# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What every script here shares: where things are, how to speak, how to lock.
# Source it after "set -euo pipefail". It defines TOP (the source tree) and
# BUILD (the caches and products, which git ignores).

TOP=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd -P)
BUILD=$TOP/build
ME=${0##*/}

say() { printf '%s: %s\n' "$ME" "$*" >&2; }
die() { say "$*"; exit 1; }

# usage: the comment block at the head of the running script, then exit 2.
usage() {
	sed -n '/^# usage:/,/^[^#]/{/^#/!d;s/^# \{0,1\}//;p}' "$0" >&2
	exit 2
}

need() { "$TOP/scripts/need" "$@"; }

# quiet COMMAND...: what it says is of interest only if it fails.
quiet() {
	local said
	said=$("$@" 2>&1) && return
	printf '%s\n' "$said" >&2
	return 1
}

# lock NAME: hold an exclusive lock until this process and its children end.
lock() {
	local fd
	mkdir -p "$BUILD/lock"
	exec {fd}>"$BUILD/lock/$1"
	flock -n "$fd" && return
	say "$1: waiting for another run to finish"
	flock "$fd"
}

# scratch DIR: make a temporary directory SCRATCH inside DIR, gone at exit. What
# a killed run left there goes after a day.
scratch() {
	mkdir -p "$1"
	find "$1" -maxdepth 1 -name '.tmp.*' -mmin +1440 -exec rm -rf {} +
	SCRATCH=$(mktemp -d "$1/.tmp.XXXXXX")
	trap 'rm -rf --one-file-system "$SCRATCH"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
}

# replace NEW OLD: put the finished directory NEW in the place of OLD.
replace() {
	local away
	if [ -e "$2" ]; then
		away=$(mktemp -d "${2%/*}/.old.XXXXXX")
		mv -T "$2" "$away"
		mv -T "$1" "$2"
		rm -rf --one-file-system "$away"
	else
		mv -T "$1" "$2"
	fi
}
