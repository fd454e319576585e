/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Checked access to the records of the wire contract (include/kith/uapi.h).
 * Nothing that a record says of itself is believed before it has been compared
 * with the bytes that are there.
 */
#ifndef KITH_RECORD_H
#define KITH_RECORD_H

#include <kith/uapi.h>
#include <stddef.h>
#include <stdint.h>

enum { RECORD_SCRIPTS = 6, RECORD_ITEM_KINDS = KITH_ITEM_FILE + 1 };

/* Bytes of somebody else's; size 0 if there are none. */
struct slice {
	const char *data;
	size_t size;
};

struct record {
	struct kith_record head;
	const void *body; /* aligned to 8; at least as long as its type demands */
	size_t body_size;
	struct slice items[RECORD_ITEM_KINDS]; /* the last of each kind */
	unsigned int script_count;
	/* SCRIPT, in their order: so many, but the first always, be it without bytes */
	struct slice scripts[RECORD_SCRIPTS];
};

/*
 * Parse the record at the beginning of @data, which is aligned to 8 and stays
 * the caller's.
 *
 * Return: its size, always a multiple of 8 and > 0, or -EBADMSG. A type that we
 * do not know parses, with body NULL.
 */
int record_parse(const void *data, size_t size, struct record *record);

/*
 * A cause of loss that kithd finds by itself: somebody else has acknowledged the
 * records. A cause on the wire has 8 bits, so none will ever have this number.
 */
enum { RECORD_CAUSE_ELSEWHERE = 256 };

/* Names for people and the database; NULL if there is none. */
const char *record_class_name(unsigned int class_);
const char *record_cause_name(unsigned int cause);
const char *record_sensor_event_name(unsigned int event);

/* enum kith_class of a record type; KITH_CLASSES if it has none. */
unsigned int record_class(unsigned int type);

#endif
