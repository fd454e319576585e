// SPDX-License-Identifier: GPL-2.0-only
/* What varies from run to run taken out of words, paths and addresses. */
#include "normal.h"

#include "address.h"

#include <stdio.h>
#include <string.h>

enum {
	DEPTH_MAX = 6,	   /* components of a path that count */
	HEX_LEAST = 8,	   /* digits of a hexadecimal number that is one */
	RANDOM_LEAST = 8,  /* characters of what nobody has named */
	RANDOM_TURNS = 3,  /* changes between letters of one case, of the other, digits */
	LONG_LEAST = 24,   /* characters of one word without a break */
	EXTENSION_MAX = 8,
};

bool slice_is(struct slice slice, const char *text)
{
	return slice.size == strlen(text) && !memcmp(slice.data, text, slice.size);
}

bool slice_begins(struct slice slice, const char *text)
{
	const size_t size = strlen(text);

	return slice.size >= size && !memcmp(slice.data, text, size);
}

bool slice_ends(struct slice slice, const char *text)
{
	const size_t size = strlen(text);

	return slice.size >= size && !memcmp(slice.data + slice.size - size, text, size);
}

bool slice_has(struct slice slice, const char *text)
{
	return slice.size && memmem(slice.data, slice.size, text, strlen(text));
}

static struct slice slice_from(struct slice slice, size_t from)
{
	return (struct slice){ slice.data + from, slice.size - from };
}

void normal_clear(struct normal *normal)
{
	normal->size = 0;
	*normal->text = '\0';
}

static void put_byte(struct normal *normal, char byte)
{
	if (normal->size + 1 >= NORMAL_MAX)
		return;
	/* Keys stand between apostrophes where people are to copy them. */
	if (byte == '\'')
		byte = '"';
	normal->text[normal->size++] = byte > ' ' && byte < 127 ? byte : '?';
	normal->text[normal->size] = '\0';
}

/* Ours, so it may have blanks. */
void normal_put(struct normal *normal, const char *text)
{
	for (; *text && normal->size + 1 < NORMAL_MAX; text++)
		normal->text[normal->size++] = *text;
	normal->text[normal->size] = '\0';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_alnum(char c)
{
	return is_digit(c) || is_lower(c) || is_upper(c);
}

/* Without ctype.h: what is a letter may not depend on somebody's locale. */
static size_t run_of(struct slice text, bool (*is)(char c))
{
	size_t i = 0;

	while (i < text.size && is(text.data[i]))
		i++;
	return i;
}

/* How many bytes of @text are a UUID. */
static size_t uuid_size(struct slice text)
{
	static const unsigned char groups[] = { 8, 4, 4, 4, 12 };
	size_t at = 0, i;

	for (i = 0; i < sizeof(groups); i++) {
		if (i && (at >= text.size || text.data[at++] != '-'))
			return 0;
		if (run_of(slice_from(text, at), is_hex) != groups[i])
			return 0;
		at += groups[i];
	}
	return at;
}

static int kind_of(char c)
{
	return is_digit(c) ? 0 : is_lower(c) ? 1 : 2;
}

/* Letters and digits as no person mixes them; or too long for a name. */
static bool is_random(struct slice run)
{
	unsigned int turns = 0, digits = 0;
	size_t i;

	for (i = 0; i < run.size; i++) {
		digits += is_digit(run.data[i]);
		if (i && kind_of(run.data[i]) != kind_of(run.data[i - 1]))
			turns++;
	}
	if (run.size >= LONG_LEAST && digits)
		return true;
	return run.size >= RANDOM_LEAST && turns >= RANDOM_TURNS && digits;
}

static bool has_digit(struct slice run)
{
	size_t i;

	for (i = 0; i < run.size; i++)
		if (is_digit(run.data[i]))
			return true;
	return false;
}

/* A run of letters and digits; its numbers, if it is a name with some in it. */
static void put_run(struct normal *normal, struct slice run)
{
	size_t i = 0;

	if (run_of(run, is_digit) < run.size && run.size >= HEX_LEAST && has_digit(run) &&
	    run_of(run, is_hex) == run.size) {
		normal_put(normal, "<hex>");
		return;
	}
	if (is_random(run) && run_of(run, is_digit) < run.size) {
		normal_put(normal, "<r>");
		return;
	}
	while (i < run.size) {
		const size_t digits = run_of(slice_from(run, i), is_digit);

		if (digits)
			normal_put(normal, "<n>");
		else
			put_byte(normal, run.data[i]);
		i += digits ? digits : 1;
	}
}

void normal_word(struct normal *normal, struct slice word)
{
	while (word.size && normal->size + 1 < NORMAL_MAX) {
		size_t size = uuid_size(word);

		if (size) {
			normal_put(normal, "<uuid>");
		} else {
			size = run_of(word, is_alnum);
			if (size)
				put_run(normal, (struct slice){ word.data, size });
			else
				put_byte(normal, *word.data);
		}
		word = slice_from(word, size ? size : 1);
	}
}

struct slice normal_base(struct slice path)
{
	const char *slash = path.size ? memrchr(path.data, '/', path.size) : NULL;

	return slash ? slice_from(path, (size_t)(slash + 1 - path.data)) : path;
}

/* What is in front of the roots of containers, and what behind their names. */
static const struct {
	const char *before;
	const char *behind;
} roots[] = {
	{ "/var/lib/docker/overlay2/", "/merged" },
	{ "/var/lib/docker/rootfs/overlayfs/", "" },
	{ "/var/lib/containers/storage/overlay/", "/merged" },
	{ "/run/containerd/io.containerd.runtime.v2.task/", "/rootfs" },
	{ "/var/lib/lxc/", "/rootfs" },
	{ "/var/lib/machines/", "" },
};

struct slice normal_inside(struct slice path, bool *inside)
{
	size_t i;

	*inside = false;
	for (i = 0; i < sizeof(roots) / sizeof(*roots); i++) {
		const size_t before = strlen(roots[i].before), behind = strlen(roots[i].behind);
		const struct slice rest = { path.data + before,
					    path.size > before ? path.size - before : 0 };
		const char *end;

		if (!slice_begins(path, roots[i].before) || !rest.size)
			continue;
		end = behind ? memmem(rest.data, rest.size, roots[i].behind, behind) :
			       memchr(rest.data, '/', rest.size);
		if (!end)
			continue;
		*inside = true;
		return slice_from(path, (size_t)(end - path.data) + behind);
	}
	return path;
}

/* The next component of *path, which moves on behind it. */
static struct slice component(struct slice *path)
{
	struct slice part;

	while (path->size && *path->data == '/')
		*path = slice_from(*path, 1);
	part.data = path->data;
	part.size = 0;
	while (part.size < path->size && part.data[part.size] != '/')
		part.size++;
	*path = slice_from(*path, part.size);
	return part;
}

/* /home/NAME and /root to ~; what is below is still to come. */
static bool put_home(struct normal *normal, struct slice *path)
{
	struct slice rest = *path, first = component(&rest);

	if (slice_is(first, "root")) {
		normal_put(normal, "~root");
		*path = rest;
		return true;
	}
	if (!slice_is(first, "home") || !component(&rest).size)
		return false;
	normal_put(normal, "~");
	*path = rest;
	return true;
}

static bool is_temporary(struct slice path)
{
	static const char *const places[] = { "/tmp/", "/var/tmp/", "/dev/shm/", "/run/shm/",
					      "/run/user/" };
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (slice_begins(path, places[i]))
			return true;
	return false;
}

static void put_extension(struct normal *normal, struct slice path)
{
	const struct slice base = normal_base(path);
	const char *dot = base.size ? memrchr(base.data, '.', base.size) : NULL;
	size_t size, i;

	if (!dot || dot == base.data)
		return;
	size = (size_t)(base.data + base.size - dot);
	if (size < 2 || size > EXTENSION_MAX)
		return;
	/* A number is none, nor is what a program has made up. */
	for (i = 1; i < size; i++)
		if (!is_lower(dot[i]) && !(is_digit(dot[i]) && i > 1 && i + 1 == size))
			return;
	normal_word(normal, (struct slice){ dot, size });
}

/* The first two components of it, without names that are made up, and the extension. */
static void put_temporary(struct normal *normal, struct slice path)
{
	struct slice rest = path, part = component(&rest);

	put_byte(normal, '/');
	normal_word(normal, part);
	if (!slice_is(part, "tmp")) {
		put_byte(normal, '/');
		normal_word(normal, component(&rest));
	}
	normal_put(normal, "/*");
	put_extension(normal, path);
}

static void put_components(struct normal *normal, struct slice path, unsigned int most)
{
	unsigned int depth = 0;
	bool processes = false;
	struct slice part;

	while ((part = component(&path)).size) {
		if (depth++ == most) {
			normal_put(normal, "/..");
			return;
		}
		put_byte(normal, '/');
		if (processes && (slice_is(part, "self") || slice_is(part, "thread-self")))
			normal_put(normal, "<n>");
		else
			normal_word(normal, part);
		processes = depth == 1 && slice_is(part, "proc");
	}
}

void normal_path(struct normal *normal, struct slice path)
{
	bool inside;

	path = normal_inside(path, &inside);
	if (is_temporary(path)) {
		put_temporary(normal, path);
		return;
	}
	put_home(normal, &path);
	put_components(normal, path, DEPTH_MAX);
	if (!normal->size)
		put_byte(normal, '/');
}

void normal_place(struct normal *normal, struct slice path)
{
	struct slice base, directory;
	bool inside;

	path = normal_inside(path, &inside);
	if (is_temporary(path)) {
		put_temporary(normal, path);
		return;
	}
	base = normal_base(path);
	directory = (struct slice){ path.data, path.size - base.size };
	put_home(normal, &directory);
	put_components(normal, directory, DEPTH_MAX - 2);
	normal_put(normal, "/*");
	put_extension(normal, path);
}

static bool is_metadata(const uint8_t *address)
{
	static const uint8_t service[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff,
					   169, 254, 169, 254 };

	return !memcmp(address, service, sizeof(service));
}

static bool is_v4(const uint8_t *address)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(address, mapped, sizeof(mapped));
}

/* /24 of IPv4, /48 of IPv6. */
void normal_address(struct normal *normal, const uint8_t *address)
{
	uint8_t network[ADDRESS_BYTES];
	char text[ADDRESS_TEXT];

	if (address_is_loopback(address)) {
		normal_put(normal, "loopback");
		return;
	}
	if (is_metadata(address)) {
		normal_put(normal, "metadata");
		return;
	}
	memcpy(network, address, sizeof(network));
	memset(network + (is_v4(address) ? 15 : 6), 0, is_v4(address) ? 1 : 10);
	normal_put(normal, address_is_private(address) ? "private " : "public ");
	normal_put(normal, address_text(text, network));
	normal_put(normal, is_v4(address) ? "/24" : "/48");
}

void normal_port(struct normal *normal, uint16_t port)
{
	char text[8];

	/* Below is what a kernel hands out to clients that do not ask for one. */
	if (port >= 32768) {
		normal_put(normal, "eph");
		return;
	}
	snprintf(text, sizeof(text), "%u", port);
	normal_put(normal, text);
}
