# SPDX-License-Identifier: GPL-2.0-only
#
# Rules of our own, for scripts/lint: reads text files, prints what is against
# the rules as FILE:LINE: MESSAGE. What is in LICENSES/ is others'.
#
# -v hosts: those that this machine's apt asks, with blanks around each.

function tell(line, message) {
	printf "%s:%d: %s\n", FILENAME, line, message
	failed = 1
}

# In columns: a tab goes to the next multiple of 8, UTF-8 counts by characters.
function width(line,  parts, n, i, sum) {
	gsub(/[\200-\277]/, "", line)
	n = split(line, parts, "\t")
	for (i = 1; i < n; i++)
		sum += length(parts[i]) + 8 - (sum + length(parts[i])) % 8
	return sum + length(parts[n])
}

function finish() {
	if (before == "")
		return
	if ((is_c || is_shell) && last > 600)
		printf "%s:%d: the file is %d lines long, 600 are enough\n",
			before, last, last
	if (wants_spdx && !has_spdx)
		printf "%s:1: no SPDX-License-Identifier in the first five lines\n", before
	if (last > 600 && (is_c || is_shell) || wants_spdx && !has_spdx)
		failed = 1
}

FNR == 1 {
	finish()
	before = FILENAME
	is_c = FILENAME ~ /\.[ch]$/
	is_shell = FILENAME ~ /\.(ba)?sh$/ || /^#!\/bin\/(ba)?sh$/
	is_ours = FILENAME !~ /^LICENSES\//
	# prose, and what its tool gives no room for comments
	wants_spdx = is_ours && FILENAME !~ /(\.md|(^|\/)\.[^\/]*)$/
	may_ask_version = FILENAME ~ /^kmod\/compat\// || !(is_c || FILENAME ~ /Kbuild$/)
	has_spdx = start = open = 0
}

{ last = FNR }
FNR <= 5 && /SPDX-License-Identifier: / { has_spdx = 1 }
!is_ours { next }

/[ \t]$/ { tell(FNR, "blanks at the end of the line") }
(is_c || is_shell) && width($0) > 100 {
	tell(FNR, "the line is " width($0) " columns wide, 100 are enough")
}
!may_ask_version && /LINUX_VERSION_CODE|KERNEL_VERSION/ {
	tell(FNR, "asks for the version of the kernel: that is for kmod/compat/")
}

# What is outside of this tree, on one machine or another.
/(^|[^[:alnum:]_.\/-])(\.\.\/)*[s]hared\// {
	tell(FNR, "names a place outside of this tree")
}
/:\/\/[^\/ ]*(mirror|registry|proxy)/ || /:\/\/[^ ]*\/(debian|ubuntu)(-[a-z]+)?([\/ "]|$)/ {
	tell(FNR, "names a mirror of packages: ask the machine's apt (scripts/lib/archive.sh)")
}
{
	n = split(hosts, host, " ")
	for (i = 1; i <= n; i++)
		if (index($0, host[i]))
			tell(FNR, "names a host that this machine has its packages from")
}

# Functions begin where their signature does: after a blank line, as a rule.
!open && is_shell && /^[A-Za-z_0-9]+\(\) [{(]$/ { open = FNR }
!open && is_c && /^[{]$/ { open = start ? start : FNR }
open && /^[})]/ {
	if (FNR - open >= 100)
		tell(open, "the function is " FNR - open + 1 " lines long, 100 are enough")
	open = 0
}
/^$|^[#}]|^ \*\/|;$/ { start = 0; next }
!start { start = FNR }

END {
	finish()
	exit failed
}
