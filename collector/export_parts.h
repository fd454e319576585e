/* SPDX-License-Identifier: GPL-2.0-only */
/* Parts of the texts that several formats have. */
#ifndef KITH_EXPORT_PARTS_H
#define KITH_EXPORT_PARTS_H

/* What tells process @p, a row of the view, from all others of all hosts. */
#define BOOT_OF(p)	"(SELECT uuid FROM boot WHERE boot.boot_id = " p ".boot_id)"
#define ENTITY(p)	"(" BOOT_OF(p) " || ':' || " p ".pid || ':' || " p ".started)"

/* Its parent and its container; what has no runtime is a control group and no more. */
#define RELATIVES                                            \
	" LEFT JOIN process q ON q.process_id = p.parent_id" \
	" LEFT JOIN container k ON k.container_id = p.container_id AND k.runtime IS NOT NULL"

/* Rows of a view, e, with the process that @id is of. */
#define WITH_PROCESS(view, id) \
	view " e LEFT JOIN process p ON p.process_id = " id RELATIVES

/* Of a conversation the client, if that is of this host, else the server. */
#define SPEAKER "coalesce(e.client_id, e.server_id)"

#define NAME_OF(k) \
	"iif(length(" k ".name) = 64 AND " k ".name NOT GLOB '*[^0-9a-f]*', NULL, " k ".name)"

#define WITHIN(ts)	  ts " BETWEEN ?2 AND ?3"
#define OVERLAPS(from, to) from " <= ?3 AND coalesce(" to ", " from ") >= ?2"

#define OF_VIEW(name, text_from, text_columns, time, condition) \
	{                                                       \
		.view = (name),                                 \
		.from = (text_from),                            \
		.columns = (text_columns),                      \
		.when = (time),                                 \
		.where = (condition),                           \
	}

/*
 * These views are two tables each, told apart by a key that one of them has not: a stream
 * for each, so that SQLite reads none of them only to leave it out. The formats define what
 * they make of either.
 */
#define EACH_OF_CONNECTIONS CONNECTIONS("e.run_id IS NULL"), CONNECTIONS("e.run_id IS NOT NULL")
#define EACH_OF_ACCESSES    ACCESSES("e.access_id IS NOT NULL"), ACCESSES("e.access_id IS NULL")
#define EACH_OF_CHANGES	    CHANGES("e.change_id IS NOT NULL"), CHANGES("e.change_id IS NULL")

#endif
