# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What a guest needs of a kernel, made once per kernel and cached under
# build/vm/.kernels: disk.ext4 with its modules and headers, and initrd.cpio.gz
# with the few modules that reach a disk.
# Source it after common.sh. kdisk sets RELEASE, VMLINUZ and KDISK.

KDISK_FREE_MB=128	# of room in the image for what DKMS puts there
KDISK_MODULES=(virtio_pci virtio_blk crc32c_generic ext4)

# kdisk KDIR: KDIR holds boot/vmlinuz-*, lib/modules/* and usr/src/*.
kdisk() {
	local stamp
	VMLINUZ=$(echo "$1"/boot/vmlinuz-*)
	[ -f "$VMLINUZ" ] || die "$1: holds no boot/vmlinuz-*, or several: not a kernel's directory"
	RELEASE=${VMLINUZ##*/vmlinuz-}
	[ -d "$1/lib/modules/$RELEASE" ] || die "$1: lacks lib/modules/$RELEASE"
	KDISK=$BUILD/vm/.kernels/$RELEASE-$(realpath "$1" | sha256sum | cut -c 1-8)
	stamp=$(kdisk_stamp "$1")
	kdisk_fresh "$stamp" || (
		lock "kdisk-${KDISK##*/}"
		kdisk_fresh "$stamp" || kdisk_make "$1" "$stamp"
	)
}

kdisk_fresh() { [ "$(cat "$KDISK/stamp" 2>/dev/null)" = "$1" ]; }

# Changes with the kernel, and with the recipe.
kdisk_stamp() {
	{
		stat -c '%Y %Z %s' "$VMLINUZ" "$1/lib/modules/$RELEASE"
		cat "$TOP/scripts/lib/kdisk.sh" "$TOP/scripts/guest/initrd"
	} | sha256sum | cut -c 1-16
}

kdisk_make() {
	need busybox-static cpio e2fsprogs kmod xz-utils zstd
	say "$RELEASE: making its disk and initial RAM disk"
	scratch "$BUILD/vm/.kernels"
	mkdir -p "$SCRATCH/tree/lib" "$SCRATCH/tree/usr/lib" "$SCRATCH/new"
	cp -a "$1/lib/modules" "$SCRATCH/tree/lib/"
	[ ! -d "$1/usr/src" ] || cp -a "$1/usr/src" "$SCRATCH/tree/usr/"
	cp -a "$1"/usr/lib/linux-kbuild-* "$SCRATCH/tree/usr/lib/" 2>/dev/null || true
	depmod -b "$SCRATCH/tree" "$RELEASE"
	kdisk_image
	kdisk_initrd
	echo "$2" >"$SCRATCH/new/stamp"
	replace "$SCRATCH/new" "$KDISK"
}

kdisk_image() {
	local mb
	mb=$(($(du -sm "$SCRATCH/tree" | cut -f 1) * 11 / 10 + KDISK_FREE_MB))
	truncate -s "${mb}M" "$SCRATCH/new/disk.ext4"
	mke2fs -q -F -t ext4 -L kernel -m 0 \
		-O ^has_journal,^metadata_csum,^64bit,^resize_inode \
		-E lazy_itable_init=0,root_owner=0:0 \
		-d "$SCRATCH/tree" "$SCRATCH/new/disk.ext4"
}

# Paths of the modules to load, in order; nothing for those built in.
kdisk_order() {
	local m
	for m in "${KDISK_MODULES[@]}"; do
		modprobe -d "$SCRATCH/tree" -S "$RELEASE" --show-depends "$m" 2>/dev/null ||
			true
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}

kdisk_unpack() {
	case $1 in
	*.xz) xz -dc "$1" ;;
	*.zst) zstd -qdc "$1" ;;
	*.gz) gzip -dc "$1" ;;
	*) cat "$1" ;;
	esac
}

kdisk_initrd() {
	local t=$SCRATCH/initrd path name applet
	mkdir -p "$t"/{bin,dev,modules,proc,root,sys}
	cp /bin/busybox "$t/bin/busybox"
	for applet in cat cp insmod ln mkdir mount poweroff sh switch_root umount usleep; do
		ln -s busybox "$t/bin/$applet"
	done
	: >"$t/modules/order"
	for path in $(kdisk_order); do
		name=${path##*/}
		name=${name%%.ko*}.ko
		kdisk_unpack "$path" >"$t/modules/$name"
		echo "$name" >>"$t/modules/order"
	done
	install -m 0755 "$TOP/scripts/guest/initrd" "$t/init"
	(cd "$t" && find . | cpio --quiet -o -H newc -R 0:0 | gzip -1) \
		>"$SCRATCH/new/initrd.cpio.gz"
}
