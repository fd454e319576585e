/* SPDX-License-Identifier: GPL-2.0-only */
/* Parts of the texts that several formats have. */
#ifndef KITH_EXPORT_PARTS_H
#define KITH_EXPORT_PARTS_H

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
