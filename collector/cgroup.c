// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a cgroup's path says about the container or unit in it.
 *
 * Runtimes name the cgroups they make; the forms below are those of Docker,
 * Podman, containerd and CRI-O under Kubernetes, LXC, and systemd-nspawn, with
 * the systemd and the cgroupfs driver.
 */
#include "cgroup.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct part {
	const char *text;
	size_t size;
};

/*
 * PREFIX name SUFFIX, as one component of the path; the first that fits. Without
 * a runtime it is a helper of one, outside of the container.
 */
static const struct {
	const char *prefix;
	const char *suffix;
	const char *runtime;
} scopes[] = {
	{ "docker-", ".scope", "docker" },
	{ "libpod-conmon-", "", NULL },
	{ "libpod-payload-", "", "podman" },
	{ "libpod-", ".scope", "podman" },
	{ "libpod-", "", "podman" },
	{ "cri-containerd-", ".scope", "containerd" },
	{ "crio-conmon-", "", NULL },
	{ "crio-", ".scope", "cri-o" },
	{ "crio-", "", "cri-o" },
	{ "lxc.payload.", "", "lxc" },
	{ "machine-qemu\\x2d", ".scope", "libvirt" },
	{ "machine-lxc\\x2d", ".scope", "libvirt" },
	{ "machine-", ".scope", "nspawn" },
	{ "systemd-nspawn@", ".service", "nspawn" },
};

/* Directories in which containers are: as children, or somewhere below. */
static const struct {
	const char *directory;
	const char *runtime;
	bool any_name;
	bool below;
} parents[] = {
	{ "docker", "docker", false, false },
	{ "lxc", "lxc", true, false },
	{ "kubepods", "containerd", false, true },
};

static bool has_prefix(struct part part, const char *prefix)
{
	size_t size = strlen(prefix);

	return part.size > size && !memcmp(part.text, prefix, size);
}

static bool has_suffix(struct part part, const char *suffix)
{
	size_t size = strlen(suffix);

	return part.size > size && !memcmp(part.text + part.size - size, suffix, size);
}

static bool is(struct part part, const char *text)
{
	return part.size == strlen(text) && !memcmp(part.text, text, part.size);
}

static bool is_hex_id(struct part part)
{
	size_t i;

	if (part.size != 64)
		return false;
	for (i = 0; i < part.size; i++)
		if (!isxdigit((unsigned char)part.text[i]))
			return false;
	return true;
}

/* The next component; size 0 at the end. */
static struct part next_part(const char **at, const char *end)
{
	struct part part;

	while (*at < end && **at == '/')
		++*at;
	part.text = *at;
	while (*at < end && **at != '/')
		++*at;
	part.size = (size_t)(*at - part.text);
	return part;
}

/* Is one of the components of @path in front of @part @directory? */
static bool is_below(const char *path, struct part part, const char *directory)
{
	struct part ancestor;

	while ((ancestor = next_part(&path, part.text)).size)
		if (is(ancestor, directory))
			return true;
	return false;
}

static void copy(char *to, size_t room, const char *text, size_t size)
{
	snprintf(to, room, "%.*s", (int)size, text);
}

static void set(struct cgroup_names *names, const char *runtime, const char *text,
		size_t size)
{
	if (!runtime)
		return;
	snprintf(names->runtime, sizeof(names->runtime), "%s", runtime);
	copy(names->name, sizeof(names->name), text, size);
}

static bool parse_scope(struct part part, struct cgroup_names *names)
{
	size_t i;

	for (i = 0; i < sizeof(scopes) / sizeof(*scopes); i++) {
		size_t prefix = strlen(scopes[i].prefix), suffix = strlen(scopes[i].suffix);

		if (!has_prefix(part, scopes[i].prefix) ||
		    part.size <= prefix + suffix ||
		    (suffix && !has_suffix(part, scopes[i].suffix)))
			continue;
		set(names, scopes[i].runtime, part.text + prefix, part.size - prefix - suffix);
		return true;
	}
	return false;
}

/* Is @part, a component of @path behind @parent, a container by its place? */
static bool parse_child(struct part parent, struct part part, const char *path,
			struct cgroup_names *names)
{
	size_t i;

	for (i = 0; i < sizeof(parents) / sizeof(*parents); i++) {
		if (!(parents[i].below ? is_below(path, part, parents[i].directory) :
					 is(parent, parents[i].directory)) ||
		    !(parents[i].any_name || is_hex_id(part)))
			continue;
		set(names, parents[i].runtime, part.text, part.size);
		return true;
	}
	return false;
}

static bool is_unit(struct part part)
{
	static const char *const suffixes[] = { ".service", ".scope", ".socket", ".mount",
						".swap" };
	size_t i;

	for (i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++)
		if (has_suffix(part, suffixes[i]))
			return true;
	return false;
}

/*
 * The outermost container; and the unit in which systemd has put it, which comes
 * right behind the slices. Below these whoever runs there makes cgroups of any
 * name, which must not pass for another container or unit.
 */
void cgroup_parse(const char *path, size_t size, struct cgroup_names *names)
{
	const char *at = path, *end = path + size;
	struct part part, parent = { "", 0 };
	bool slices = true; /* and nothing else so far */

	*names = (struct cgroup_names){ .runtime = "" };
	while ((part = next_part(&at, end)).size) {
		if (slices && is_unit(part))
			copy(names->unit, sizeof(names->unit), part.text, part.size);
		slices = slices && has_suffix(part, ".slice");
		if (parse_scope(part, names) || parse_child(parent, part, path, names))
			break;
		parent = part;
	}
	if (!*names->name)
		memcpy(names->name, names->unit, sizeof(names->name));
}
