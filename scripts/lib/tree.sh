# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A copy of the sources and of what `make` builds of them, to install elsewhere.
# Source it after common.sh.

# Files of the tree: those that git knows or would take; without git, all.
tree_list() {
	if [ -e "$TOP/.git" ] && command -v git >/dev/null; then
		git -C "$TOP" ls-files -z --cached --others --exclude-standard
	else
		(cd "$TOP" && find . -path ./build -prune -o -type f -print0)
	fi
}

# tree_copy DIR: into the new directory DIR; what was deleted but for git stays out.
tree_copy() {
	mkdir -p "$1/build"
	(
		cd "$TOP" || exit
		tree_list | while IFS= read -r -d '' file; do
			[ ! -e "$file" ] || printf '%s\0' "$file"
		done | tar -c --null -T - -f -
	) | tar -x -C "$1" -f -
	cp -L "$BUILD/kithd" "$BUILD/kith" "$1/build/"
}
