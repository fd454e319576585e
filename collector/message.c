// SPDX-License-Identifier: GPL-2.0-only
/* What kithd asks its helper, and what that tells. */
#include "message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static const char *const whys[WHYS] = {
	[WHY_GONE] = "gone",
	[WHY_REPLACED] = "another file is in its place",
	[WHY_CHANGED] = "may have been changed since",
	[WHY_CHANGING] = "changed while it was read",
	[WHY_LARGE] = "too large",
	[WHY_MANY] = "too many",
	[WHY_UNREADABLE] = "unreadable",
	[WHY_SLOW] = "its file system does not answer",
	[WHY_HELPER] = "the helper ended",
	[WHY_STOPPED] = "kithd stopped",
	[WHY_UNASKED] = "not asked",
	[WHY_ATTRIBUTES] = "attributes changed since",
	[WHY_FOUND] = "changed since the process began",
	[WHY_TIMELESS] = "its file system does not tell when it was changed",
	[WHY_CLOSE] = "changed when it was executed",
	[WHY_INODE] = "found by inode",
};

const char *why_text(unsigned int why)
{
	return why < WHYS ? whys[why] : NULL;
}

bool why_lasts(unsigned int why)
{
	return why == WHY_NOTHING || why == WHY_INODE;
}

static size_t padded(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

/* Of all texts, with padding. */
static size_t size_of(const uint32_t sizes[MESSAGE_TEXTS])
{
	size_t i, size = 0;

	for (i = 0; i < MESSAGE_TEXTS; i++)
		size += padded(sizes[i]);
	return size;
}

bool packet_add(struct packet *packet, struct message *message,
		const struct slice texts[MESSAGE_TEXTS])
{
	char *at = packet->data + packet->used;
	size_t i;

	for (i = 0; i < MESSAGE_TEXTS; i++)
		message->sizes[i] =
			(uint32_t)(texts[i].size < MESSAGE_TEXT ? texts[i].size
								: MESSAGE_TEXT);
	if (sizeof(*message) + size_of(message->sizes) > PACKET_SIZE - packet->used)
		return false;
	memcpy(at, message, sizeof(*message));
	at += sizeof(*message);
	for (i = 0; i < MESSAGE_TEXTS; i++) {
		size_t size = message->sizes[i];

		if (size)
			memcpy(at, texts[i].data, size);
		memset(at + size, 0, padded(size) - size);
		at += padded(size);
	}
	packet->used = (size_t)(at - packet->data);
	return true;
}

bool packet_next(const struct packet *packet, size_t *at, struct message *message,
		 struct slice texts[MESSAGE_TEXTS])
{
	size_t i, left = packet->used - *at, next = *at + sizeof(*message);

	if (left < sizeof(*message))
		return false;
	memcpy(message, packet->data + *at, sizeof(*message));
	for (i = 0; i < MESSAGE_TEXTS; i++)
		if (message->sizes[i] > MESSAGE_TEXT)
			return false;
	if (size_of(message->sizes) > left - sizeof(*message))
		return false;
	for (i = 0; i < MESSAGE_TEXTS; i++) {
		texts[i] = (struct slice){ packet->data + next, message->sizes[i] };
		next += padded(message->sizes[i]);
	}
	*at = next;
	return true;
}

int packet_send(struct packet *packet, int descriptor, int flags)
{
	ssize_t sent;

	if (!packet->used)
		return 0;
	do
		sent = send(descriptor, packet->data, packet->used, flags | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return -errno;
	packet->used = 0;
	return 0;
}

int packet_receive(struct packet *packet, int descriptor)
{
	ssize_t size;

	do
		size = recv(descriptor, packet->data, PACKET_SIZE, MSG_DONTWAIT);
	while (size < 0 && errno == EINTR);
	packet->used = size > 0 ? (size_t)size : 0;
	return size < 0 ? -errno : size > 0;
}
