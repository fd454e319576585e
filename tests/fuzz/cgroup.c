// SPDX-License-Identifier: GPL-2.0-only
/* Containers and units from paths of cgroups, which the watched may choose. */
#include "cgroup.h"

#include "fuzz.h"

#include <string.h>

/* @name is a piece of the path, or the beginning of one that was cut. */
static void check_piece(const char *name, size_t room, const char *path)
{
	FUZZ_CHECK(strnlen(name, room) < room);
	FUZZ_CHECK(!strchr(name, '/'));
	FUZZ_CHECK(strstr(path, name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cgroup_names names;
	char *text = fuzz_string(data, size), *path;

	/* no NUL behind it: the kernel's strings have none */
	size = strlen(text);
	path = malloc(size ? size : 1);
	FUZZ_CHECK(path);
	memcpy(path, text, size);
	memset(&names, 'x', sizeof(names));
	cgroup_parse(path, size, &names);
	free(path);
	check_piece(names.name, sizeof(names.name), text);
	check_piece(names.unit, sizeof(names.unit), text);
	FUZZ_CHECK(strnlen(names.runtime, sizeof(names.runtime)) < sizeof(names.runtime));
	FUZZ_CHECK(*names.name || (!*names.runtime && !*names.unit));
	free(text);
	return 0;
}
