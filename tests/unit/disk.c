// SPDX-License-Identifier: GPL-2.0-only
/* A disk that fails when it is told to. */
#include "disk.h"

#include "unit.h"

#include <errno.h>
#include <sqlite3.h>

/*
 * SQLite's own files, whose functions that write count down and then fail until
 * they are healed. It has one set of functions for the database and one for
 * logs and journals.
 */
struct methods {
	sqlite3_io_methods faulty; /* first: what a file points to */
	const sqlite3_io_methods *real;
};

static struct {
	struct methods methods[2];
	int left; /* 0: healthy, or failing if `failing` */
	int code;
	bool failing;
	bool torn; /* half of the write that fails gets there */
	int (*open)(sqlite3_vfs *, const char *, sqlite3_file *, int, int *);
} disk;

static bool fails(void)
{
	if (disk.left && !--disk.left)
		disk.failing = true;
	return disk.failing;
}

static const sqlite3_io_methods *real(const sqlite3_file *file)
{
	return ((const struct methods *)file->pMethods)->real;
}

static int faulty_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 at)
{
	bool first = !disk.failing;

	if (!fails())
		return real(file)->xWrite(file, data, size, at);
	if (first && disk.torn)
		real(file)->xWrite(file, data, size / 2, at);
	return disk.code;
}

static int faulty_sync(sqlite3_file *file, int flags)
{
	return fails() ? SQLITE_IOERR_FSYNC : real(file)->xSync(file, flags);
}

static int faulty_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	return fails() ? SQLITE_IOERR_TRUNCATE : real(file)->xTruncate(file, size);
}

static int faulty_map(sqlite3_file *file, int page, int size, int extend, void volatile **map)
{
	if (extend && fails())
		return SQLITE_IOERR_SHMSIZE;
	return real(file)->xShmMap(file, page, size, extend, map);
}

static int faulty_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags,
		       int *out)
{
	int code = disk.open(vfs, path, file, flags, out);
	struct methods *methods = disk.methods;

	if (code != SQLITE_OK || !file->pMethods)
		return code;
	if (methods->real && methods->real != file->pMethods)
		methods++;
	ck_assert(!methods->real || methods->real == file->pMethods);
	methods->real = file->pMethods;
	methods->faulty = *file->pMethods;
	methods->faulty.xWrite = faulty_write;
	methods->faulty.xSync = faulty_sync;
	methods->faulty.xTruncate = faulty_truncate;
	methods->faulty.xShmMap = faulty_map;
	file->pMethods = &methods->faulty;
	return code;
}

void disk_install(void)
{
	static sqlite3_vfs vfs;

	if (disk.open)
		return;
	vfs = *sqlite3_vfs_find(NULL);
	disk.open = vfs.xOpen;
	vfs.zName = "faulty";
	vfs.xOpen = faulty_open;
	ck_assert_int_eq(sqlite3_vfs_register(&vfs, 1), SQLITE_OK);
}

void disk_heal(void)
{
	disk.left = 0;
	disk.failing = false;
}

const struct disk_fault disk_faults[DISK_FAULTS] = {
	{ SQLITE_FULL, -ENOSPC, false },
	{ SQLITE_FULL, -ENOSPC, true },
	{ SQLITE_IOERR_WRITE, -EIO, false },
	{ SQLITE_IOERR_WRITE, -EIO, true },
	{ SQLITE_READONLY, -EROFS, false },
};

bool disk_fails(void)
{
	return disk.failing;
}

void disk_break(int row, int after)
{
	disk.code = disk_faults[row].code;
	disk.torn = disk_faults[row].torn;
	disk.left = after;
}
