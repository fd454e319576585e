/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records that another collector has acknowledged are neither sent to us nor
 * lost to the module. What they were nobody can tell, but how many:
 *
 *	reported - lost - received
 *
 * of each class, since the module was loaded, all of one moment. There is no such
 * moment while records are being made, so the module is asked several times, and
 * a count is exact if no record of its class has a time as late as the question.
 */
#ifndef KITH_RECONCILE_H
#define KITH_RECONCILE_H

#include "ingest.h"

/* A record came that was not stored before. */
void reconcile_record(struct reconciliation *reconciliation, const struct kith_record *head);

/* All that was reported before the counts has come: store what is missing. */
int reconcile(struct ingest *ingest);

#endif
