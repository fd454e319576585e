// SPDX-License-Identifier: GPL-2.0-only
/* What the harnesses share. */
#include "fuzz.h"

#include "log.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What the collector has to say of its inputs is nothing to read here. */
void log_init(const char *name)
{
	(void)name;
}

void log_error(const char *format, ...)
{
	(void)format;
}

void log_warning(const char *format, ...)
{
	(void)format;
}

void log_info(const char *format, ...)
{
	(void)format;
}

char *fuzz_string(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	FUZZ_CHECK(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/* Written apart from collector/text.c, and more simply: it may refuse too much. */
static bool is_plain(uint32_t code)
{
	return code >= 0x20 && !(code >= 0x7f && code < 0xa0) && code != 0x61c &&
	       !(code >= 0x200b && code <= 0x200f) && !(code >= 0x2028 && code <= 0x202e) &&
	       !(code >= 0x2060 && code <= 0x206f) && !(code >= 0xd800 && code < 0xe000) &&
	       code != 0xfeff && !(code >= 0xe0000 && code < 0xe1000) && code <= 0x10ffff;
}

bool fuzz_is_plain(const char *text, size_t size)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };

	while (size) {
		unsigned int byte = (unsigned char)*text, more = 0, i;
		uint32_t code = byte;

		if (byte >= 0x80) {
			more = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
			code = byte & (0x3fu >> more);
		}
		if ((byte >= 0x80 && byte < 0xc0) || byte > 0xf7 || more >= size)
			return false;
		for (i = 1; i <= more; i++) {
			if (((unsigned char)text[i] & 0xc0) != 0x80)
				return false;
			code = code << 6 | ((unsigned char)text[i] & 0x3f);
		}
		if (code < least[more] || !is_plain(code))
			return false;
		text += more + 1;
		size -= more + 1;
	}
	return true;
}

const char *fuzz_file(const uint8_t *data, size_t size)
{
	static char path[64];
	static int descriptor = -1;

	if (descriptor < 0)
		descriptor = memfd_create("fuzz", MFD_CLOEXEC);
	FUZZ_CHECK(descriptor >= 0 && !ftruncate(descriptor, 0));
	FUZZ_CHECK(pwrite(descriptor, data, size, 0) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
	return path;
}

void fuzz_touch(const void *data, size_t size)
{
	const unsigned char *bytes = data;
	static volatile unsigned char sink;
	unsigned char sum = 0;

	while (size--)
		sum = (unsigned char)(sum ^ *bytes++);
	sink = (unsigned char)(sink ^ sum);
}
