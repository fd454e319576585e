// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: changes DIR SEED COUNT
 *
 * Does COUNT times something at random to few names in DIR, which is absolute: much of it
 * cannot succeed. strace tells what was done, and how it ended.
 */
#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { NAMES = 4, SIZES = 5000 };

static const char *dir;

static unsigned int below(unsigned int limit)
{
	return (unsigned int)random() % limit;
}

/* Of files, directories or symbolic links, in one of two directories. */
static const char *name(char *text, const char *kinds)
{
	unsigned int kind = below(kinds[1] ? 2 : 1);

	snprintf(text, PATH_MAX, "%s/%u/%c%u", dir, below(2), kinds[kind], below(NAMES));
	return text;
}

static const char *const attributes[] = { "user.one", "user.two" };

/* Of a file that is open. */
static int by_number(const char *path)
{
	struct timespec times[2] = { { .tv_sec = below(1u << 30) }, { .tv_nsec = UTIME_NOW } };
	const char *attribute = attributes[below(2)];
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int writes = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	int ret = 0;

	switch (below(6)) {
	case 0: ret = fchmod(fd, below(0777)); break;
	case 1: ret = fchown(fd, below(3), below(3)); break;
	case 2: ret = ftruncate(writes, below(SIZES)); break;
	case 3: ret = fsetxattr(fd, attribute, "x", 1, 0); break;
	case 4: ret = fremovexattr(fd, attribute); break;
	case 5: ret = futimens(fd, times); break;
	}
	close(fd);
	close(writes);
	return ret;
}

static int of_names(void)
{
	char a[PATH_MAX], b[PATH_MAX];

	switch (below(9)) {
	case 0: return rename(name(a, "fd"), name(b, "fd"));
	case 1: return rename(name(a, "s"), name(b, "s"));
	case 2: return renameat2(AT_FDCWD, name(a, "fd"), AT_FDCWD, name(b, "fd"),
				 RENAME_EXCHANGE);
	case 3: return renameat2(AT_FDCWD, name(a, "f"), AT_FDCWD, name(b, "f"),
				 RENAME_NOREPLACE);
	case 4: return link(name(a, "f"), name(b, "f"));
	case 5: return symlink(name(a, "fd"), name(b, "s"));
	case 6: return unlink(name(a, "fd"));
	case 7: return unlink(name(a, "s"));
	default: return rmdir(name(a, "fd"));
	}
}

static int of_contents(void)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_NOW }, { .tv_sec = below(1u << 30) } };
	const char *attribute = attributes[below(2)];
	char a[PATH_MAX];

	switch (below(9)) {
	case 0: return chmod(name(a, "fd"), below(0777));
	case 1: return chown(name(a, "fd"), below(3), below(3));
	case 2: return lchown(name(a, "s"), below(3), (gid_t)-1);
	case 3: return truncate(name(a, "fd"), below(SIZES));
	case 4: return setxattr(name(a, "fd"), attribute, "x", 1, 0);
	case 5: return removexattr(name(a, "fd"), attribute);
	case 6: return utimensat(AT_FDCWD, name(a, "fd"), times, 0);
	case 7: return utimensat(AT_FDCWD, name(a, "s"), NULL, AT_SYMLINK_NOFOLLOW);
	default: return by_number(name(a, "f"));
	}
}

static int of_new(void)
{
	char a[PATH_MAX];
	int fd;

	switch (below(4)) {
	case 0: return mkdir(name(a, "fd"), below(0777) | 0700);
	case 1: return mknod(name(a, "f"), S_IFIFO | below(0777), 0);
	case 2: return mknod(name(a, "f"), S_IFCHR | below(0777), makedev(1, 3));
	}
	fd = open(name(a, "f"), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, below(0777));
	return fd < 0 ? fd : close(fd);
}

int main(int argc, char **argv)
{
	unsigned int failed = 0;
	int i, count;

	if (argc != 4)
		errx(2, "usage: changes DIR SEED COUNT");
	dir = argv[1];
	srandom((unsigned int)atoi(argv[2]));
	count = atoi(argv[3]);
	umask(0);
	for (i = 0; i < count; i++)
		switch (below(4)) {
		case 0: failed += of_new() < 0; break;
		case 1: failed += of_contents() < 0; break;
		default: failed += of_names() < 0; break;
		}
	printf("%u of %d failed\n", failed, count);
	return 0;
}
