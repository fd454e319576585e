// SPDX-License-Identifier: GPL-2.0-only
#include "datagram.h"

#include <string.h>

#include "truth.h"

static struct talk talks[1024];

struct talk *find_talk(uint64_t nonce_)
{
	struct talk *free_ = NULL;
	size_t i;

	for (i = 0; i < sizeof(talks) / sizeof(*talks); i++) {
		if (talks[i].datagrams && talks[i].head.nonce == nonce_)
			return &talks[i];
		if (!talks[i].datagrams)
			free_ = &talks[i];
	}
	if (!free_)
		quit("too many conversations at once");
	memset(free_, 0, sizeof(*free_));
	return free_;
}

uint64_t nonce_of(const struct sockaddr_storage *peer, size_t size)
{
	size_t i;

	for (i = 0; i < sizeof(talks) / sizeof(*talks); i++)
		if (talks[i].datagrams && !memcmp(&talks[i].peer, peer, size))
			return talks[i].head.nonce;
	return 0;
}
