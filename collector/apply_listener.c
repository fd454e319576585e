// SPDX-License-Identifier: GPL-2.0-only
/* Records of who listens. */
#include "apply_socket.h"

#include "address.h"
#include "learner.h"
#include "protocol.h"

#include <string.h>

struct socket_end apply_listener_end(const struct store_listener *listener)
{
	struct socket_end key = {
		.process = listener->process,
		.netns = listener->netns,
		.port = listener->port,
		.protocol = listener->protocol,
		.kind = SOCKET_LISTENER,
	};

	if (protocol_is_unix(listener->protocol)) {
		const uint64_t hash = intern_hash(listener->name.data, listener->name.size);

		memcpy(key.addr, &hash, sizeof(hash));
		key.port = 0;
	} else {
		memcpy(key.addr, listener->addr, ADDRESS_BYTES);
	}
	return key;
}

/* @name: room for one, that stays. */
static struct store_listener make_listener(struct ingest *ingest, const struct record *record,
					   char *name)
{
	const struct kith_listener *body = record->body;
	uint64_t started = body->started ? body->started : body->ended;
	struct store_listener listener = {
		.load = ingest->load.id,
		.number = body->ended ? 0 : (int64_t)body->id,
		.started = ingest_wall(ingest, started ? started : record->head.ts),
		.ended = body->ended ? ingest_wall(ingest, body->ended) : INT64_MIN,
		.netns = body->netns,
		.flags = body->started ? 0 : CONNECTION_INCOMPLETE,
		.port = body->port,
		.protocol = body->protocol,
	};

	memcpy(listener.addr, body->addr, ADDRESS_BYTES);
	if (protocol_is_unix(body->protocol))
		listener.name = subject_name(record, name);
	return listener;
}

int apply_listener(struct ingest *ingest, const struct record *record)
{
	const struct kith_listener *body = record->body;
	struct subject subject = subject_find(ingest, body->id, SOCKET_LISTENER,
					      record->head.ts);
	char name[DICTIONARY_NAME];
	struct store_listener listener = make_listener(ingest, record, name);
	struct socket_end end;
	int ret;

	if (!body->id || subject.wrong)
		return subject_refuse(ingest);
	if (subject.over && !body->ended)
		return 0;
	listener.process = apply_id(ingest, body->process, record->head.ts);
	if (listener.process < 0)
		return (int)listener.process;
	end = apply_listener_end(&listener);
	if (!subject.id && !body->started)
		subject.id = sockets_adopt(&ingest->sockets, 0, &end, 1);
	if (!subject.id)
		subject.id = ++ingest->last_listener;
	ret = store_listener(ingest->store, subject.id, &listener);
	if (!ret && ingest->learner)
		ret = learner_listener(ingest->learner, record, &listener, subject.id);
	if (ret)
		return ret;
	return subject_remember(ingest, &subject, body->id, SOCKET_LISTENER, subject.id,
				!body->ended);
}
