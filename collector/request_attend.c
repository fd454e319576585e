// SPDX-License-Identifier: GPL-2.0-only
/* What people ask of the writer of a database: his part. */
#include "request.h"

#include "clock.h"
#include "ingest.h"
#include "learner.h"

#include <stdlib.h>
#include <unistd.h>

enum { ATTEND_MS = 1000 };

/* What people ask changes what the learner knows, which is stored before and read after. */
static int attend(struct ingest *ingest, char *text)
{
	int ret = ingest_finish(ingest);

	if (!ret)
		ret = ingest_begin(ingest);
	if (!ret)
		ret = request_apply(ingest->store, text);
	if (!ret)
		ret = ingest_commit(ingest);
	if (ingest->learner)
		learner_forget(ingest->learner);
	return ret;
}

int request_attend(struct ingest *ingest, int64_t *attended)
{
	const int64_t now = clock_steady_ms();
	char *text = NULL;
	int descriptor, ret;

	if (now < *attended + ATTEND_MS)
		return 0;
	*attended = now;
	descriptor = request_take(ingest->store, &text);
	if (descriptor <= 0)
		return descriptor;
	ret = attend(ingest, text);
	free(text);
	if (ret)
		close(descriptor);
	else
		request_done(descriptor);
	return ret;
}
