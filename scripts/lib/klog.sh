# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The guest's kernel log, and what in it says that the kernel was harmed.

# Texts by which the kernel reports a fault of its own, at the start of a
# message: a line that merely quotes one of them does not count.
KLOG_SPLAT='^(watchdog: |rcu: )?(BUG[: ]|INFO: (rcu_|task |trying to register))'
KLOG_SPLAT+='|^\[ BUG: |^kernel BUG at |^WARNING: |^Call Trace:|^Oops: '
KLOG_SPLAT+='|^general protection fault|^stack segment: |^invalid opcode: '
KLOG_SPLAT+='|^UBSAN: |^KASAN: |^KFENCE: |^kasan: bug |^Kernel panic'
KLOG_SPLAT+='|^kmemleak: [1-9][0-9]* new suspected|^unreferenced object '
KLOG_SPLAT+='|^ODEBUG: |^refcount_t: |^list_(add|del) corruption'
KLOG_SPLAT+='|possible (recursive|circular) locking|suspicious RCU usage'
KLOG_SPLAT+='|^INFO: lockdep is turned off|scheduling while atomic'

# klog_text KMSG: the kernel's own messages (facility 0) in a copy of /dev/kmsg,
# as "[seconds] text", a line of the message each.
klog_text() {
	awk -F ';' '
		/^ / { next }			# KEY=value of the message before
		{
			split($1, h, ",")
			if (h[1] >= 8) next	# written by a process
			n = split(substr($0, length($1) + 2), part, /\\x0a/)
			for (i = 1; i <= n; i++)
				printf "[%12.6f] %s\n", h[3] / 1e6, part[i]
		}' "$1"
}

# What the kernel says, with a call trace, of an allocation that was made to fail.
KLOG_FAULT='^FAULT_INJECTION: |page allocation failure: |vmalloc error: '
KLOG_FAULT+='|^__kmem_cache_create_args.* failed with error -'

# klog_splats LOG [faults]: print each splat with a few lines around it; fail if
# none. With faults, the trace that tells of a failed allocation is none.
klog_splats() {
	awk -v re="$KLOG_SPLAT" -v fault="${2:+$KLOG_FAULT}" '
		{ line[NR] = $0; sub(/^\[ *[0-9.]+\] ?/, "") }
		fault && $0 ~ fault { excused = NR }
		excused && NR - excused < 9 && /^Call Trace:/ { excused = 0; next }
		$0 ~ re { for (i = NR - 2; i <= NR + 20; i++) show[i] = 1; found = 1 }
		END {
			for (i = 1; i <= NR; i++) {
				if (!show[i]) { gap = shown; continue }
				if (gap) print "--"
				print line[i]; shown = 1; gap = 0
			}
			exit !found
		}' "$1"
}

# klog_console CONSOLE: the kernel messages among what came over the console.
klog_console() { tr -d '\r' <"$1" | grep -aE '^\[ *[0-9]+\.[0-9]+\]' || true; }
