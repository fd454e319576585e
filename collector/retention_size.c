// SPDX-License-Identifier: GPL-2.0-only
/* Is the database too large, or its disk too full? */
#include "retention_size.h"

#include "statement.h"

#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

/* Bytes of the file that are used, and that are not. */
static int measure(struct store *store, int64_t *used, int64_t *unused)
{
	int64_t pages, spare, size;
	int ret = statement_ask(store, STATEMENT_PAGES, &pages, 0);

	if (!ret)
		ret = statement_ask(store, STATEMENT_PAGES_SPARE, &spare, 0);
	if (!ret)
		ret = statement_ask(store, STATEMENT_PAGE_SIZE, &size, 0);
	if (ret)
		return ret;
	*used = (pages - spare) * size;
	*unused = spare * size;
	return 0;
}

/* Bytes that are left on the disk; INT64_MAX: nobody knows. */
static int64_t left_on_disk(const struct store *store)
{
	char *path = strdup(store_path(store));
	struct statvfs disk;
	int ret = path ? statvfs(dirname(path), &disk) : -1;

	free(path);
	return ret ? INT64_MAX : (int64_t)((uint64_t)disk.f_bavail * disk.f_frsize);
}

int retention_judge(struct store *store, const struct retention_limits *limits, char *why,
		    size_t size, uint32_t *days)
{
	int64_t used, unused, left;
	int ret = measure(store, &used, &unused);

	*why = '\0';
	*days = 0;
	if (ret)
		return ret;
	left = limits->free_mib ? left_on_disk(store) : INT64_MAX;
	if (limits->database_mib && used >> 20 >= limits->database_mib)
		snprintf(why, size, "the database is larger than %" PRIu32 " MiB",
			 limits->database_mib);
	if (*why || left == INT64_MAX || (left + unused) >> 20 >= limits->free_mib)
		return 0;
	*days = RETENTION_DISK_DAYS;
	snprintf(why, size, "less than %" PRIu32 " MiB are left on the disk",
		 limits->free_mib);
	return 0;
}
