# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The Debian archive, seen through an apt configuration of our own under
# build/archive: suites that the machine does not follow are read from the very
# mirror that the machine uses, and its own apt is left as it was.
# Source it after common.sh.

ARCHIVE=$BUILD/archive
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
HELPER=/usr/lib/apt/apt-helper

# The suites whose kernels we follow.
ARCHIVE_SUITES=(bullseye-security bookworm-security trixie-backports sid)

# archive_label LABEL: base URI of the machine's repository with that label.
archive_label() {
	apt-get indextargets --format '$(LABEL) $(REPO_URI)' \
		'Created-By: Packages' |
		awk -v l="$1" '$1 == l { print $2; exit }'
}

# archive_base SUITE: base URI under which SUITE is published.
archive_base() {
	local label=Debian uri
	case $1 in *-security) label=Debian-Security ;; esac
	uri=$(archive_label "$label")
	if [ -z "$uri" ]; then
		say "$label: no index on this machine yet: apt-get update"
		apt-get -qq update >&2 || true
		uri=$(archive_label "$label")
	fi
	[ -n "$uri" ] ||
		die "$1: the machine's apt knows no repository labelled \"$label\"" \
			'to derive its address from'
	printf '%s\n' "$uri"
}

# archive_sources SUITE...: lines for a sources.list.
archive_sources() {
	local suite uri
	need debian-archive-keyring
	for suite; do
		uri=$(archive_base "$suite")
		printf 'deb [signed-by=%s] %s %s main\n' "$KEYRING" "$uri" "$suite"
	done
}

# The machine's own settings for reaching a mirror (proxies, retries) hold.
archive_conf() {
	apt-config dump | grep -E '^Acquire::(https?|Retries|ForceIPv[46])' || true
	cat <<-EOF
		Acquire::Check-Valid-Until "false";
		Acquire::Languages "none";
		Acquire::GzipIndexes "true";
		APT::Architecture "amd64";
		APT::Architectures "amd64";
		APT::Sandbox::User "root";
		Dir::Cache "$ARCHIVE/cache";
		Dir::Cache::pkgcache "";
		Dir::Cache::srcpkgcache "";
		Dir::Etc::Main "/dev/null";
		Dir::Etc::Parts "$ARCHIVE/empty";
		Dir::Etc::PreferencesParts "$ARCHIVE/empty";
		Dir::Etc::SourceList "$ARCHIVE/sources.list";
		Dir::Etc::SourceParts "$ARCHIVE/empty";
		Dir::State "$ARCHIVE/state";
		Dir::State::status "$ARCHIVE/status";
	EOF
}

archive_setup() {
	mkdir -p "$ARCHIVE"/{empty,state/lists/partial,cache/archives/partial}
	: >"$ARCHIVE/status"
	archive_sources "${ARCHIVE_SUITES[@]}" >"$ARCHIVE/sources.list"
	archive_conf >"$ARCHIVE/apt.conf"
}

archive_apt() { APT_CONFIG=$ARCHIVE/apt.conf "$@"; }

# One line per kernel package: suite, package, version, URI, SHA-256, and the
# kernel packages that it depends on.
archive_parse() {
	local suite repo file
	archive_apt apt-get indextargets 'Created-By: Packages' \
		--format '$(CODENAME) $(REPO_URI) $(FILENAME)' |
		while read -r suite repo file; do
			archive_apt "$HELPER" cat-file "$file" |
				awk -v suite="$suite" -v repo="$repo" '
				function flush() {
					if (p ~ /^linux-(image|source)-[0-9]/ || p ~ part)
						print suite, p, v, repo f, s, d
					p = v = f = s = ""; d = "-"
				}
				function kernels(line,  n, a, i, out) {
					n = split(line, a, /, */)
					for (i = 1; i <= n; i++) {
						sub(/ .*/, "", a[i])
						if (a[i] ~ part)
							out = out (out ? "," : "") a[i]
					}
					return out ? out : "-"
				}
				BEGIN {
					OFS = "\t"
					d = "-"
					part = "^linux-(binary|modules|base|headers|kbuild)-[0-9]"
				}
				/^Package: /  { p = $2 }
				/^Version: /  { v = $2 }
				/^Filename: / { f = $2 }
				/^SHA256: /   { s = $2 }
				/^Depends: /  { d = kernels(substr($0, 10)) }
				/^$/          { flush() }
				END           { flush() }'
		done
}

archive_fresh() {
	[ -s "$ARCHIVE/index.tsv" ] &&
		[ -z "$(find "$ARCHIVE/index.tsv" -mmin +1440)" ]
}

# archive_index: make $ARCHIVE/index.tsv if it is missing or a day old.
archive_index() {
	archive_fresh || (
		lock archive
		archive_fresh || archive_refresh
	)
}

# archive_refresh: make $ARCHIVE/index.tsv anew.
archive_refresh() {
	say "reading the package indexes of ${ARCHIVE_SUITES[*]}"
	archive_setup
	archive_apt apt-get -qq update >&2 ||
		say "some package indexes could not be read: what they hold is missing or old"
	archive_parse >"$ARCHIVE/index.new"
	[ -s "$ARCHIVE/index.new" ] ||
		die "package indexes: none could be read: is the mirror reachable?"
	mv "$ARCHIVE/index.new" "$ARCHIVE/index.tsv"
}

# archive_package SUITE NAME: "version uri sha256 depends" of the highest version
# of a kernel package; nothing if there is none. Call archive_index first.
archive_package() {
	local best='' line
	while read -r line; do
		[ -z "$best" ] ||
			dpkg --compare-versions "${line%% *}" gt "${best%% *}" || continue
		best=$line
	done < <(awk -F '\t' -v s="$1" -v p="$2" \
		'$1 == s && $2 == p { print $3, $4, $5, $6 }' "$ARCHIVE/index.tsv")
	printf '%s\n' "$best"
}

# archive_get URI SHA256 DIR: download a file into DIR and check it.
archive_get() {
	local name=${1##*/}
	[ -f "$ARCHIVE/apt.conf" ] || archive_setup
	archive_apt "$HELPER" download-file "$1" "$3/$name" "SHA256:$2" \
		>"$3/.log" 2>&1 && return
	grep -E '^(E|W|Err):?' "$3/.log" >&2 || true
	say "$name: cannot be downloaded from the mirror, or is not the file expected"
	return 1
}
