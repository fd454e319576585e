/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A database in the test's directory, an ingest into it, and a forge for what
 * it is fed. The stream begins at RIG_NOW after the boot, the boot was at
 * RIG_BOOT of the wall clock.
 */
#ifndef KITH_RIG_H
#define KITH_RIG_H

#include "forge.h"
#include "ingest.h"
#include "unit.h"

/* Times that a key holds exactly: units of about a second. */
#define RIG_AT(n)  ((uint64_t)(n) << 30)
#define RIG_NOW	   RIG_AT(100)
#define RIG_BOOT   INT64_C(1700000000000000000)
#define RIG_STEP   FORGE_STEP_NS

struct rig {
	struct store *store;
	struct ingest ingest;
	struct forge forge;
	struct stream_info info; /* what the next rig_attach() says */
	int64_t offset;		 /* real_ns - boot_ns of the next batches */
	uint64_t number;	 /* of the last batch */
};

/* Open the database, made if it is not there, and attach. */
void rig_open(struct rig *rig);
void rig_close(struct rig *rig);
void rig_attach(struct rig *rig);

/* As after a crash or a stop: close and open again. */
void rig_restart(struct rig *rig);

/* What is in the forge as a batch, as a dump; it is empty then. */
void rig_feed(struct rig *rig);
void rig_dump(struct rig *rig);
int rig_try(struct rig *rig); /* feed and commit; the forge keeps it */

/* The stream has passed the dump once ring 0 is at @seq. */
void rig_caught(struct rig *rig, uint32_t seq);

void rig_commit(struct rig *rig);

/* Commit, close the segment, and seal all that are closed: what ended is over for good. */
void rig_seal(struct rig *rig);

/* What is in the forge as a dump that the stream has passed, and commit. */
void rig_dumped(struct rig *rig);

/* The module was loaded anew, or the machine booted anew. */
void rig_reload(struct rig *rig, uint64_t load);
void rig_reboot(struct rig *rig, char boot);

/* Somebody else writes to the database. */
void rig_write(const char *sql);

/* Spoil the first page of @table; the rig is closed, so all is in the one file. */
void rig_damage(const char *table);

/* What @sql gives of what is committed, as below; the caller frees it. */
char *rig_rows(const char *sql);

/*
 * Run @sql on what is committed, and compare: values with | between them, one
 * row a line, NULL as -. The function t(ts) gives nanoseconds since RIG_NOW.
 */
void rig_check(const char *sql, const char *want);

/* Feed, commit and check. */
void rig_expect(struct rig *rig, const char *sql, const char *want);

/* Do the views of what is indexed lead to each row, and once; and to none that is gone? */
void rig_check_uses(void);

#endif
