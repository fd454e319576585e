# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Completion for kith(8). Nothing from the database is offered: compgen -W would
# expand what others chose.

_kith_options() {
	local common='--db --json --since --until --help --usage --version'

	case $1 in
	status) echo "$common --wait-synced" ;;
	tree) echo "$common --threads" ;;
	talks) echo "$common --each --follow" ;;
	trace) echo "$common --forward --back --depth --width --limit" ;;
	timeline) echo "$common --limit --tree" ;;
	sql) echo "$common --csv --file --set" ;;
	export) echo "$common --format --class --host --sort" ;;
	record) echo "$common --seconds" ;;
	help | --*) ;;
	*) echo "$common" ;;
	esac
}

# _kith_words BEFORE: what may stand behind that word.
_kith_words() {
	if [ "$COMP_CWORD" = 1 ]; then
		echo status hooks tree show talks trace timeline sql export record \
			replay help --help --version
		return
	fi
	case $1 in
	--since | --until) echo now today yesterday ;;
	--format) echo ndjson csv ecs ocsf perfetto stix ;;
	--class)
		echo container control credential connection execution file_access \
			file_change flow listener loss process sensor
		;;
	*) _kith_options "${COMP_WORDS[1]}" ;;
	esac
}

_kith() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}

	# bash takes --db=FILE for three words.
	if [ "$word" = = ]; then
		word=''
	elif [ "$before" = = ]; then
		before=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case $before/${COMP_WORDS[1]}/$word in
	--db/* | -d/* | --file/* | -f/sql/* | */record/[!-]* | */replay/[!-]* | */trace/[/.]*)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		;;
	*) mapfile -t COMPREPLY < <(compgen -W "$(_kith_words "$before")" -- "$word") ;;
	esac
}

complete -F _kith kith
