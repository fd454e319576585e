// SPDX-License-Identifier: GPL-2.0-only
/* One record after the other: nothing of what is found lies outside of it. */
#include "record.h"

#include "fuzz.h"

#include <errno.h>
#include <string.h>

static void check_slice(struct slice slice, const char *data, size_t size)
{
	if (!slice.data) {
		FUZZ_CHECK(!slice.size);
		return;
	}
	FUZZ_CHECK(slice.data >= data && slice.data + slice.size <= data + size);
	fuzz_touch(slice.data, slice.size);
}

static void check_record(const struct record *record, const char *data, size_t size)
{
	size_t i;

	FUZZ_CHECK(size && size % 8 == 0 && size == record->head.size);
	FUZZ_CHECK(record->script_count <= RECORD_SCRIPTS);
	for (i = 0; i < RECORD_ITEM_KINDS; i++)
		check_slice(record->items[i], data, size);
	for (i = 0; i < record->script_count; i++)
		check_slice(record->scripts[i], data, size);
	if (record->body)
		fuzz_touch(record->body, (size_t)record->head.items * 8 -
						 sizeof(struct kith_record));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = fuzz_string(data, size), *bytes = realloc(copy, size ? size : 1);
	size_t at = 0;

	FUZZ_CHECK(bytes);
	while (at < size) {
		struct record record;
		int used = record_parse(bytes + at, size - at, &record);

		FUZZ_CHECK(used > 0 || used == -EBADMSG);
		if (used < 0)
			break;
		FUZZ_CHECK((size_t)used <= size - at);
		check_record(&record, bytes + at, (size_t)used);
		at += (size_t)used;
	}
	free(bytes);
	return 0;
}
