# SPDX-License-Identifier: GPL-2.0-only
# Kith. `make demo` shows it at work, `make check` tests it; README.md tells more.
BUILD := $(CURDIR)/build
KDIR ?= /lib/modules/$(shell uname -r)/build

all: collector

collector: | $(BUILD)
	@$(MAKE) -s -C collector BUILD=$(BUILD)
	@ln -sf collector/kithd collector/kith $(BUILD)/

# The module for the kernel whose headers KDIR names; leaves kmod/kith.ko.
kmod:
	$(MAKE) -C $(KDIR) M=$(CURDIR)/kmod modules

$(BUILD):
	@mkdir -p $@

clean:
	rm -rf $(BUILD)/collector $(BUILD)/collector-san $(BUILD)/kithd $(BUILD)/kith
	-@[ ! -d $(KDIR) ] || $(MAKE) -s -C $(KDIR) M=$(CURDIR)/kmod clean

.PHONY: all collector kmod clean
