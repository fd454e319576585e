# SPDX-License-Identifier: GPL-2.0-only
# Kith. `make demo` shows it at work, `make check` tests it; README.md tells more.
BUILD := $(CURDIR)/build
KDIR ?= /lib/modules/$(shell uname -r)/build
DESTDIR ?=
PREFIX ?= /usr
PURGE ?=
LIBRARIES := libmnl-dev libnl-3-dev libnl-genl-3-dev libsqlite3-dev libinih-dev libxxhash-dev \
	libssl-dev libsystemd-dev uthash-dev uuid-dev

all: collector

collector: | $(BUILD)
	@$(MAKE) -s -C collector BUILD=$(BUILD)
	@ln -sf collector/kithd collector/kith $(BUILD)/

# The module for the kernel whose headers KDIR names; leaves kmod/kith.ko.
kmod:
	$(MAKE) -C $(KDIR) M=$(CURDIR)/kmod modules

# Copies only; kith-setup then brings it to life. Build first.
install:
	@scripts/install/files install "$(DESTDIR)" "$(PREFIX)"
	@[ -n "$(DESTDIR)" ] || echo "Installed. To build and load the module and start kithd: kith-setup"

install-live: install
	@"$(PREFIX)/sbin/kith-setup"

# Database, user kith and settings that were changed stay, unless PURGE=1, which also
# removes what an earlier uninstall let stay.
uninstall:
	@PURGE="$(PURGE)" scripts/install/files remove "$(DESTDIR)" "$(PREFIX)"

# build/kith-VERSION.tar.gz, the same bytes for the same commit.
dist:
	@scripts/install/check
	@scripts/dist

# Mistakes that show without running anything.
lint:
	@scripts/need gcc make pkgconf check $(LIBRARIES)
	@scripts/lint $(CHECK)

demo:
	@scripts/demo

# Tests without a kernel: the collector with the sanitizers, broken inputs too, and
# what is installed.
check-unit:
	@scripts/need gcc g++ make pkgconf check mandoc python3 sqlite3 $(LIBRARIES)
	@$(MAKE) -s -C tests/unit BUILD=$(BUILD) check
	@$(MAKE) -s -C tests/fuzz BUILD=$(BUILD) check
	@tests/install/run
	@tests/durability/kill 25

# All that a change must pass: unit tests, then end to end in a guest with 6.12, and no
# operation dearer than it was.
check: check-unit
	@tests/e2e/run
	@tests/bench/check

# End to end on every kernel; on the one that finds mistakes.
check-kernels:
	@tests/e2e/run -k all
check-debug:
	@tests/e2e/debug-run
# Containers of Docker, Podman, LXC and nspawn; makes a guest that has these, first.
check-runtimes:
	@tests/e2e/run runtimes
# As on a server: installed, restarted, killed, hung, rebooted, upgraded, removed.
check-install:
	@tests/e2e/install-test
# Kith and its peers: by operation on 6.1 and 6.12; whole jobs; loss against rate.
bench:
	@tests/bench/run operations
bench-jobs:
	@tests/bench/run jobs
bench-loss:
	@tests/bench/run loss

$(BUILD):
	@mkdir -p $@

# What can be built again goes. In build/ stay what was fetched or takes long to make
# (archive, kernels, rootfs, toolchains, checkpatch), and what runs have left to be
# looked at (bench, demo, e2e, vm).
clean:
	rm -rf $(addprefix $(BUILD)/,collector collector-san dist fuzz install kbuild kith \
		kithd kmod unit) $(BUILD)/kith-*.tar.gz
	-@[ ! -d $(KDIR) ] || $(MAKE) -s -C $(KDIR) M=$(CURDIR)/kmod clean

distclean: clean
	rm -rf --one-file-system $(BUILD)

.PHONY: all collector kmod clean distclean install install-live uninstall dist demo lint \
	bench bench-jobs bench-loss check check-unit check-kernels check-debug \
	check-runtimes check-install
