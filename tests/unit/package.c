// SPDX-License-Identifier: GPL-2.0-only
/* Which package a file belongs to, by lists that are made up. */
#include "package.h"

#include "unit.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int root;
static struct packages *packages;

static void put(const char *name, const char *text)
{
	FILE *file = fopen(unit_path(name), "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static void begin(void)
{
	ck_assert_int_eq(mkdir(unit_path("var"), 0755), 0);
	ck_assert_int_eq(mkdir(unit_path("var/lib"), 0755), 0);
	root = open(unit_path("."), O_PATH | O_DIRECTORY);
	packages = packages_new(root);
	ck_assert_ptr_nonnull(packages);
}

static void make(void)
{
	ck_assert_int_eq(mkdir(unit_path("var/lib/dpkg"), 0755), 0);
	ck_assert_int_eq(mkdir(unit_path("var/lib/dpkg/info"), 0755), 0);
	put("var/lib/dpkg/info/coreutils.list", "/.\n/bin\n/bin/ls\n/usr/bin/env\n");
	put("var/lib/dpkg/info/libc6:amd64.list",
	    "/lib/x86_64-linux-gnu/libc.so.6\n/usr/lib\n");
	put("var/lib/dpkg/info/core.list", "/opt/core");
	put("var/lib/dpkg/status",
	    "Package: core\nStatus: install ok installed\nVersion: 1\n\n"
	    "Package: coreutils\nVersion: 9.1-1\nDescription: Package: none\n Version: 3\n\n"
	    "Package: libc6\nArchitecture: amd64\nVersion: 2.36-9+deb12u9\n");
}

static void check(const char *path, const char *want)
{
	char name[128] = "?";

	ck_assert_msg(packages_find(packages, path, name, sizeof(name)) == !!want, "%s",
		      path);
	if (want)
		ck_assert_str_eq(name, want);
}

START_TEST(by_its_list)
{
	begin();
	make();
	check("/bin/ls", "coreutils 9.1-1");
	check("/usr/bin/ls", "coreutils 9.1-1");
	check("/bin/env", "coreutils 9.1-1");
	check("/usr/lib/x86_64-linux-gnu/libc.so.6", "libc6 2.36-9+deb12u9");
	check("/opt/core", "core 1");
	check("/usr/local/bin/ls", "");
	check("/opt", "");
	check("/usr/bin/", "");
	check("", "");
	packages_free(packages);
}
END_TEST

START_TEST(without_dpkg)
{
	begin();
	check("/bin/ls", NULL);
	packages_free(packages);
}
END_TEST

/* Lists that are none, and that cannot be read to their ends. */
START_TEST(hostile)
{
	begin();
	make();
	ck_assert_int_eq(mkfifo(unit_path("var/lib/dpkg/info/fifo.list"), 0600), 0);
	ck_assert_int_eq(symlink("/dev/zero", unit_path("var/lib/dpkg/info/zero.list")),
			 0);
	ck_assert_int_eq(mkdir(unit_path("var/lib/dpkg/info/dir.list"), 0700), 0);
	put("var/lib/dpkg/info/.list", "/none\n");
	put("var/lib/dpkg/info/large.list", "/large\n");
	ck_assert_int_eq(truncate(unit_path("var/lib/dpkg/info/large.list"), (64 << 20)),
			 0);
	put("var/lib/dpkg/info/odd.list", "relative\n\n/\n/odd\n/odd/last");
	put("var/lib/dpkg/status",
	    "Version: 7\nPackage: odd\nPackage: \nVersion: 8\nPackage: odd");
	check("/odd", "odd");
	check("/odd/last", "odd");
	check("/large", "");
	check("relative", "");
	packages_free(packages);
}
END_TEST

/* dpkg has done something: that is known some seconds later. */
START_TEST(installed_since)
{
	begin();
	make();
	check("/opt/new", "");
	put("var/lib/dpkg/info/new.list", "/opt/new\n");
	put("var/lib/dpkg/status", "Package: new\nVersion: 2\n");
	sleep(6);
	check("/opt/new", "new 2");
	packages_free(packages);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("package");

	unit_add(suite, by_its_list);
	unit_add(suite, without_dpkg);
	unit_add(suite, hostile);
	unit_add(suite, installed_since);
	return unit_run(suite);
}
