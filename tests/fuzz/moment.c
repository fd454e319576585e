// SPDX-License-Identifier: GPL-2.0-only
/* Points in time as people write them, and as they do not. */
#include "moment.h"

#include "fuzz.h"

#include <errno.h>
#include <string.h>
#include <time.h>

static const int64_t now = INT64_C(1763770000123456789);

/* No time that people write: the end of the longest one is far from overflow. */
static const int64_t end = INT64_MAX - INT64_C(1000000000);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size);
	int64_t ns = 42;
	int ret;

	setenv("TZ", size % 2 ? "Europe/Berlin" : "UTC", 1);
	tzset();
	ret = moment_parse(text, now, &ns);
	FUZZ_CHECK(ret == 0 || ret == -EINVAL);
	if (ret)
		FUZZ_CHECK(ns == 42);
	else
		FUZZ_CHECK(*text && ns > -end && ns < end);
	if (!ret && strstr(text, "ago"))
		FUZZ_CHECK(ns <= now);
	free(text);
	return 0;
}
