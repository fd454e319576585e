// SPDX-License-Identifier: GPL-2.0-only
/* kith.conf: whatever it says, it is understood or told why not. */
#include "config.h"

#include "fuzz.h"

#include <errno.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config config;
	int ret;

	config_init(&config);
	ret = config_read(&config, fuzz_file(data, size));
	FUZZ_CHECK(ret == 0 || ret == -EINVAL);
	FUZZ_CHECK(strnlen(config.error, sizeof(config.error)) < sizeof(config.error));
	FUZZ_CHECK(!ret == !*config.error);
	if (ret)
		FUZZ_CHECK(!strncmp(config.error, "line ", 5));
	FUZZ_CHECK(*config.database == '/');
	FUZZ_CHECK(strnlen(config.database, sizeof(config.database)) < sizeof(config.database));
	return 0;
}
