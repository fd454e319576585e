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

/* PREFIX name SUFFIX, as one component of the path. */
static const struct {
	const char *prefix;
	const char *suffix;
	const char *runtime;
} scopes[] = {
	{ "docker-", ".scope", "docker" },
	{ "libpod-", ".scope", "podman" },
	{ "libpod-", "", "podman" },
	{ "cri-containerd-", ".scope", "containerd" },
	{ "crio-", ".scope", "cri-o" },
	{ "lxc.payload.", "", "lxc" },
	{ "machine-", ".scope", "nspawn" },
	{ "systemd-nspawn@", ".service", "nspawn" },
};

/* Directories whose children are containers. */
static const struct {
	const char *directory;
	const char *runtime;
} parents[] = {
	{ "docker", "docker" },
	{ "lxc", "lxc" },
	{ "kubepods", "containerd" },
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

static void copy(char *to, size_t room, const char *text, size_t size)
{
	snprintf(to, room, "%.*s", (int)size, text);
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
		snprintf(names->runtime, sizeof(names->runtime), "%s", scopes[i].runtime);
		copy(names->name, sizeof(names->name), part.text + prefix,
		     part.size - prefix - suffix);
		return true;
	}
	return false;
}

static bool parse_child(struct part parent, struct part part, struct cgroup_names *names)
{
	size_t i;

	for (i = 0; i < sizeof(parents) / sizeof(*parents); i++) {
		if (!is(parent, parents[i].directory) ||
		    (strcmp(parents[i].runtime, "lxc") && !is_hex_id(part)))
			continue;
		snprintf(names->runtime, sizeof(names->runtime), "%s", parents[i].runtime);
		copy(names->name, sizeof(names->name), part.text, part.size);
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

/*
 * The outermost container and the innermost unit: what runs inside a container
 * may make cgroups of any name, and must not pass for another container.
 */
void cgroup_parse(const char *path, size_t size, struct cgroup_names *names)
{
	const char *at = path, *end = path + size;
	struct part part, parent = { "", 0 };

	*names = (struct cgroup_names){ .runtime = "" };
	while ((part = next_part(&at, end)).size) {
		if (is_unit(part))
			copy(names->unit, sizeof(names->unit), part.text, part.size);
		if (parse_scope(part, names) || parse_child(parent, part, names))
			break;
		parent = part;
	}
	if (!*names->name)
		memcpy(names->name, names->unit, sizeof(names->name));
}
