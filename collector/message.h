/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What kithd asks its helper, and what that tells: many messages in one packet of a
 * socketpair. Both sides are of one build; but the helper reads what others have made,
 * so what it says of sizes is checked.
 */
#ifndef KITH_MESSAGE_H
#define KITH_MESSAGE_H

#include "record.h"
#include "sha256.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum message_kind {
	MESSAGE_BEGIN = 1,  /* told: a helper begins, and knows of nothing asked before */
	MESSAGE_EXECUTABLE, /* what has an execution run? */
	MESSAGE_CONTAINER,  /* what is a container called? */
	MESSAGE_USER,	    /* what is a user called? */
	MESSAGE_GROUP,
};

/* Why there is no hash, or what is to be known of the one there is. */
enum why {
	WHY_NOTHING,
	WHY_GONE,     /* neither process nor file was there any more */
	WHY_REPLACED, /* another file stands in its place */
	WHY_CHANGED,  /* it, or its attributes, since it was executed */
	WHY_CHANGING, /* it was changed while it was read */
	WHY_LARGE,
	WHY_MANY, /* there was more to do than can wait */
	WHY_UNREADABLE,
	WHY_SLOW,    /* its file system has not answered before */
	WHY_HELPER,  /* the helper ended before it could tell */
	WHY_STOPPED, /* kithd did */
	WHY_UNASKED, /* nobody asked: there is no helper, or kithd was killed */
	/* with a hash */
	WHY_ATTRIBUTES, /* its names, owner or mode were while it was read, by its times not more */
	WHY_FOUND, /* the process was found running; the file was changed since its start */
	WHY_TIMELESS, /* its file system does not tell when it was changed */
	WHY_CLOSE,    /* it was changed so shortly before that it may have been after */
	WHY_INODE, /* by its inode alone it is the one: its file system has many devices */
	WHYS,
};

/* Of the file or the process, asked. */
enum message_flag {
	MESSAGE_FOUND = 1,    /* the process was found running, since ts at least */
	MESSAGE_NAMELESS = 2, /* the file has no path to look for */
	MESSAGE_HASHED = 4,   /* told: sha256 is one */
	MESSAGE_PACKAGED = 8, /* told: the package is known, and is "" if there is none */
	MESSAGE_ROOTED =
		16, /* the process has the root of its mount namespace, and so the path */
};

enum { MESSAGE_TEXTS = 3, MESSAGE_TEXT = 4096 };

struct message {
	uint32_t kind;
	uint32_t generation; /* as asked, so told: what was rolled back is not meant */
	int64_t id; /* of the execution or container; the number of a user or group */
	int64_t ts; /* when it was executed */
	uint64_t inode;
	uint64_t real_inode;
	int64_t changed; /* ctime, ns since the epoch */
	int64_t size;
	uint32_t device; /* major << 20 | minor */
	uint32_t real_device;
	uint32_t pid;
	uint32_t mntns;
	uint32_t flags; /* enum message_flag */
	uint32_t why;	/* enum why */
	unsigned char sha256[SHA256_SIZE];
	uint32_t sizes[MESSAGE_TEXTS];
	uint32_t cohort; /* as asked, so told: of which executions; 0: of this one alone */
};

/* Which text is what. */
enum {
	TEXT_PATH = 0,	  /* asked: of the executable, of the control group */
	TEXT_PACKAGE = 0, /* told */
	TEXT_NAME = 0,	  /* told: of the container, user, group */
	TEXT_IMAGE = 1,
	TEXT_POD = 2,
};

enum { PACKET_SIZE = 32 << 10 };

struct packet {
	size_t used;
	char data[PACKET_SIZE];
};

/* @message gets the sizes of @texts, of which it takes MESSAGE_TEXT bytes. false: no room. */
bool packet_add(struct packet *packet, struct message *message,
		const struct slice texts[MESSAGE_TEXTS]);

/* The message at *@at, which moves on; false: there is none, or it is broken. */
bool packet_next(const struct packet *packet, size_t *at, struct message *message,
		 struct slice texts[MESSAGE_TEXTS]);

/*
 * Send what is in the packet, and empty it; @flags as of send(2). Return: 0, or a
 * negative errno: -EAGAIN, and it is all there still.
 */
int packet_send(struct packet *packet, int descriptor, int flags);

/* Return: 1, 0 at the end, or a negative errno: -EAGAIN, there is none. */
int packet_receive(struct packet *packet, int descriptor);

/* In words for the database; NULL: nothing. */
const char *why_text(unsigned int why);

/* Is a hash of which @why is to be known that of the file whenever its times are the same? */
bool why_lasts(unsigned int why);

#endif
