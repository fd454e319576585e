// SPDX-License-Identifier: GPL-2.0-only
/*
 * talk-udp: conversations over UDP, and the truth about them.
 *
 *	talk-udp serve MODE ADDRESS PORT LOG	until it is told to stop
 *	talk-udp call MODE ADDRESS PORT[,PORT]... PROCESSES COUNT LOG
 *	talk-udp stop ADDRESS PORT
 *
 * serve MODE: single, batch (recvmmsg, sendmmsg), gro (UDP_GRO), prefork (processes
 * that share a socket), connected (a socket of its own for each client).
 *
 * call MODE: fresh (a socket for each conversation), brief (the same, but it asks by one
 * datagram, which only one of many servers gets), mute (that is all, and large), segment
 * (UDP_SEGMENT), inherit (a child uses the parent's socket), again (each socket is bound
 * to the port of the one before), many (one socket talks to the servers on all those
 * ports), apart (of a connected server), alike (each begins with the same bytes as all
 * others, and learns its nonce from the server, which has to be single or batch; if there
 * is no answer it says them again).
 *
 * Each end of each conversation is a line of LOG:
 *
 *	nonce,side,pid,opener,peer_addr,peer_port,received,datagrams
 *
 * where the peer is whom the client sent to, and whom the server heard from, and
 * received is what was read. Some clients want no answer, some close before they
 * have read it all.
 */
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/datagram.h"
#include "lib/serve.h"
#include "lib/truth.h"

#define UDP_SEGMENT 103
#define UDP_GRO	    104

enum {
	SMALL = 1400,
	LARGE = 30000,
	DATAGRAM = 65536,
	DATAGRAMS = 12, /* at most, each way */
	BATCH = 8,
	ROOM = 8 << 20,
	PATIENCE_MS = 20000,
	AGAIN_MS = 1500,
	FIRST_PORT = 20000,
};

/* In the nonce of what a server begins that answers from a socket of its own. */
#define ANSWER (1ULL << 62)

/* The nonce of who has none yet. */
#define NONE (1ULL << 63)

/* What the answer to that wants. */
enum { GREETING = 0xffff };

static pid_t opener;
static int batched, mute;

static void make_room(int socket_)
{
	int room = ROOM;

	if (setsockopt(socket_, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
}

static int make_socket(int family)
{
	int made = socket(family, SOCK_DGRAM, 0);

	check(made, "socket");
	make_room(made);
	return made;
}

static socklen_t length(const struct sockaddr_storage *address)
{
	return address->ss_family == AF_INET ? sizeof(struct sockaddr_in)
					     : sizeof(struct sockaddr_in6);
}

static uint32_t datagram_size(void)
{
	return (uint32_t)sizeof(struct head) +
	       (uint32_t)random() % (!mute && random() % 20 ? SMALL : LARGE);
}

/* Send so many datagrams of one conversation, each way of sending at its time. */
static void send_some(int socket_, struct sockaddr_storage *to, uint64_t nonce_,
		      int count, int wanted, int in_batch)
{
	static char buffers[DATAGRAMS][SMALL + LARGE];
	struct mmsghdr messages[DATAGRAMS] = { 0 };
	struct iovec data[DATAGRAMS];
	int i, sent = 0;

	for (i = 0; i < count; i++) {
		struct head head = { nonce_, datagram_size(), (uint16_t)(count - 1 - i),
				     (uint16_t)wanted };
		struct msghdr *message = &messages[i].msg_hdr;

		memcpy(buffers[i], &head, sizeof(head));
		data[i] = (struct iovec){ buffers[i], head.size };
		*message = (struct msghdr){ .msg_iov = &data[i], .msg_iovlen = 1 };
		if (to) {
			message->msg_name = to;
			message->msg_namelen = length(to);
		}
	}
	while (sent < count) {
		int done =
			in_batch ? sendmmsg(socket_, messages + sent,
					    (unsigned int)(count - sent), 0)
				 : (sendmsg(socket_, &messages[sent].msg_hdr, 0) < 0 ? -1
										     : 1);

		/* Who has closed already is told to who sends to him. */
		if (done < 0)
			return;
		sent += done;
	}
}

/* Several datagrams of one size by one call. */
static void send_segments(int socket_, const struct sockaddr_storage *to, uint64_t nonce_,
			  int count, int wanted)
{
	static char buffer[DATAGRAMS * SMALL];
	size_t size = sizeof(struct head) + (size_t)random() % 1200;
	int segment = (int)size, i;

	for (i = 0; i < count; i++) {
		struct head head = { nonce_, (uint32_t)size, (uint16_t)(count - 1 - i),
				     (uint16_t)wanted };

		memcpy(buffer + (size_t)i * size, &head, sizeof(head));
	}
	check(setsockopt(socket_, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof(segment)),
	      "UDP_SEGMENT");
	check(sendto(socket_, buffer, (size_t)count * size, 0,
		     (const struct sockaddr *)to, length(to)),
	      "sendto");
}

static void write_truth(const struct talk *talk, const char *side)
{
	char peer[64];

	describe_address(peer, sizeof(peer), &talk->peer);
	tell("%llu,%s,%d,%d,%s,%llu,%u", (unsigned long long)talk->head.nonce, side,
	     (int)getpid(), (int)opener, peer, (unsigned long long)talk->received,
	     talk->datagrams);
}

/* All of it is here: what follows is the answer. */
static void finish(int socket_, struct talk *talk)
{
	write_truth(talk, "server");
	send_some(socket_, &talk->peer, talk->head.nonce, talk->head.wanted, 0, batched);
	talk->datagrams = 0;
}

/* Who says this again has not heard the answer. */
static void greet(int socket_, size_t size, const struct sockaddr_storage *peer)
{
	static long number;
	struct head head = { nonce(++number), sizeof(head), 0, GREETING };
	const uint64_t before = nonce_of(peer, length(peer));
	struct talk *talk;

	if (before)
		head.nonce = before;
	talk = find_talk(head.nonce);
	talk->head = head;
	talk->peer = *peer;
	talk->received += size;
	talk->datagrams++;
	check(sendto(socket_, &head, sizeof(head), 0, (const struct sockaddr *)peer,
		     length(peer)),
	      "sendto");
}

/* What came from one peer by one call. Return: go on? */
static int take_datagrams(int socket_, const char *buffer, size_t size,
			  const struct sockaddr_storage *peer)
{
	struct head head;

	for (; size >= sizeof(head); size -= head.size, buffer += head.size) {
		struct talk *talk;

		memcpy(&head, buffer, sizeof(head));
		if (!head.nonce)
			return 0;
		if (head.size < sizeof(head) || head.size > size)
			quit("talk-udp: a broken datagram");
		if (head.nonce == NONE) {
			greet(socket_, head.size, peer);
			continue;
		}
		talk = find_talk(head.nonce);
		talk->head = head;
		talk->peer = *peer;
		talk->received += head.size;
		talk->datagrams++;
		if (!head.left)
			finish(socket_, talk);
	}
	return 1;
}

static int take_one(int socket_)
{
	static char buffer[DATAGRAM];
	struct sockaddr_storage peer = { 0 };
	socklen_t size = sizeof(peer);
	ssize_t done;

	/* Who only looks has read nothing. */
	if (random() % 3 == 0)
		check(recv(socket_, buffer, sizeof(struct head), MSG_PEEK), "peek");
	done = recvfrom(socket_, buffer, sizeof(buffer), 0, (struct sockaddr *)&peer,
			&size);
	check(done, "recvfrom");
	return take_datagrams(socket_, buffer, (size_t)done, &peer);
}

static int take_batch(int socket_)
{
	static char buffers[BATCH][DATAGRAM];
	static struct sockaddr_storage peers[BATCH];
	struct mmsghdr messages[BATCH] = { 0 };
	struct iovec data[BATCH];
	int i, count, more = 1;

	for (i = 0; i < BATCH; i++) {
		data[i] = (struct iovec){ buffers[i], DATAGRAM };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &data[i],
						       .msg_iovlen = 1,
						       .msg_name = &peers[i],
						       .msg_namelen = sizeof(*peers) };
	}
	count = recvmmsg(socket_, messages, BATCH, MSG_WAITFORONE, NULL);
	check(count, "recvmmsg");
	for (i = 0; i < count; i++)
		more &= take_datagrams(socket_, buffers[i], messages[i].msg_len,
				       &peers[i]);
	return more;
}

static void serve_single(int socket_)
{
	while (batched ? take_batch(socket_) : take_one(socket_))
		;
}

static void serve_gro(int socket_)
{
	int one = 1;

	check(setsockopt(socket_, IPPROTO_UDP, UDP_GRO, &one, sizeof(one)), "UDP_GRO");
	serve_single(socket_);
}

static void serve_batch(int socket_)
{
	batched = 1;
	serve_single(socket_);
}

static void serve_prefork(int socket_)
{
	serve_together(socket_, serve_single);
}

/*
 * The first datagram of a client comes to the socket that all know; what follows, to
 * one that is connected to him. So there are two conversations: of the client with
 * the one, and, begun by the server, with the other.
 */
static int take_connected(int known)
{
	static char buffer[DATAGRAM];
	struct sockaddr_storage here, there = { 0 };
	struct talk talk = { .datagrams = 1 };
	socklen_t size = sizeof(there);
	ssize_t done;
	int own;

	done = recvfrom(known, buffer, sizeof(buffer), 0, (struct sockaddr *)&there,
			&size);
	check(done, "recvfrom");
	memcpy(&talk.head, buffer, sizeof(talk.head));
	if (!talk.head.nonce)
		return 0;
	talk.peer = there;
	talk.received = (uint64_t)done;
	write_truth(&talk, "server");
	own = make_socket(there.ss_family);
	/* The same address, another port. */
	size = sizeof(here);
	check(getsockname(known, (struct sockaddr *)&here, &size), "getsockname");
	((struct sockaddr_in *)&here)->sin_port = 0;
	check(bind(own, (struct sockaddr *)&here, size), "bind");
	check(connect(own, (struct sockaddr *)&there, length(&there)), "connect");
	send_some(own, NULL, talk.head.nonce | ANSWER, talk.head.wanted, 0, 0);
	talk.head.nonce |= ANSWER;
	talk.received = talk.datagrams = 0;
	write_truth(&talk, "client");
	close(own);
	return 1;
}

static void serve_connected(int socket_)
{
	while (take_connected(socket_))
		;
}

static void answer_all(const char *mode, const char *text, const char *port)
{
	static const struct {
		const char *name;
		void (*serve)(int socket_);
	} modes[] = { { "single", serve_single },
		      { "batch", serve_batch },
		      { "gro", serve_gro },
		      { "prefork", serve_prefork },
		      { "connected", serve_connected } };
	struct sockaddr_storage address;
	socklen_t size = parse_address(&address, text, port);
	int socket_ = make_socket(address.ss_family);
	size_t i;

	check(bind(socket_, (struct sockaddr *)&address, size), "bind");
	opener = getpid();
	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (!strcmp(modes[i].name, mode))
			modes[i].serve(socket_);
}

struct calls {
	const char *mode;
	struct sockaddr_storage servers[BATCH];
	int server_count;
	long count;
};

/* Read so many datagrams of talk, and greetings that are late. */
static void take_answer(int socket_, struct talk *talk, int count)
{
	static char buffer[DATAGRAM];
	struct pollfd ready = { .fd = socket_, .events = POLLIN };

	while (count > 0) {
		struct head head;
		socklen_t size = sizeof(talk->peer);
		ssize_t done;

		if (poll(&ready, 1, PATIENCE_MS) != 1)
			quit("talk-udp: no answer");
		if (talk->head.nonce % 2)
			check(recv(socket_, buffer, 1, MSG_PEEK), "peek");
		done = recvfrom(socket_, buffer, sizeof(buffer), 0,
				(struct sockaddr *)&talk->peer, &size);
		check(done, "recvfrom");
		talk->received += (uint64_t)done;
		talk->datagrams++;
		memcpy(&head, buffer, sizeof(head));
		count -= head.wanted != GREETING;
	}
}

/* Return: the nonce that the server gives, after so many times. */
static uint64_t begin_alike(int socket_, struct sockaddr_storage *server, struct talk *talk)
{
	struct pollfd ready = { .fd = socket_, .events = POLLIN };
	struct head head = { .nonce = NONE, .size = sizeof(head) };
	socklen_t size = sizeof(talk->peer);
	int patience = PATIENCE_MS / AGAIN_MS;

	do {
		if (!patience--)
			quit("talk-udp: no nonce");
		check(sendto(socket_, &head, sizeof(head), 0,
			     (const struct sockaddr *)server, length(server)),
		      "sendto");
	} while (poll(&ready, 1, AGAIN_MS) != 1);
	check(recvfrom(socket_, &head, sizeof(head), 0, (struct sockaddr *)&talk->peer, &size),
	      "recvfrom");
	talk->received = sizeof(head);
	talk->datagrams = 1;
	return head.nonce;
}

/* How one conversation goes, by the way of calling and the nonce. */
struct plan {
	int count;  /* datagrams to the server */
	int wanted; /* and back */
	int read;   /* of those; the client closes before it has read the rest */
	int connected;
};

static struct plan make_plan(const char *mode, uint64_t nonce_)
{
	int apart = !strcmp(mode, "apart"), many = !strcmp(mode, "many");
	struct plan plan = { .count = 1 + (int)random() % DATAGRAMS,
			     .wanted = 1 + (int)random() % DATAGRAMS,
			     .connected = !apart && !many && random() % 2 };

	mute = !strcmp(mode, "mute");
	if (apart || mute || !strcmp(mode, "brief"))
		plan.count = 1;
	/* What one left unread, or has not been read yet, would be the next one's. */
	if (mute || (!apart && !many && nonce_ % 5 == 1))
		plan.wanted = 0;
	plan.read = plan.wanted;
	/* What one left unread would be the next one's. */
	if (!apart && !many && strcmp(mode, "again") != 0 && nonce_ % 5 == 2)
		plan.read /= 2;
	return plan;
}

static void ask(int socket_, const char *mode, uint64_t nonce_,
		struct sockaddr_storage *server)
{
	struct talk talk = { .head = { .nonce = nonce_ }, .peer = *server };
	struct plan plan = make_plan(mode, nonce_);

	/* What a child inherits is connected already. */
	if (plan.connected && strcmp(mode, "inherit") != 0)
		check(connect(socket_, (const struct sockaddr *)server, length(server)),
		      "connect");
	if (!strcmp(mode, "alike"))
		talk.head.nonce = nonce_ = begin_alike(socket_, server, &talk);
	if (!strcmp(mode, "segment"))
		send_segments(socket_, server, nonce_, plan.count, plan.wanted);
	else
		send_some(socket_, plan.connected ? NULL : server, nonce_, plan.count,
			  plan.wanted, nonce_ % 3 == 1);
	if (!strcmp(mode, "apart")) {
		/* The answer is a conversation in which this is the one who was called. */
		write_truth(&talk, "client");
		take_answer(socket_, &talk, plan.read);
		talk.head.nonce |= ANSWER;
		write_truth(&talk, "server");
		return;
	}
	take_answer(socket_, &talk, plan.read);
	write_truth(&talk, "client");
}

static void bind_to(int socket_, int family, long port)
{
	struct sockaddr_storage own;
	char text[24];
	socklen_t size;

	snprintf(text, sizeof(text), "%ld", port);
	size = parse_address(&own, family == AF_INET ? "0.0.0.0" : "::", text);
	check(bind(socket_, (struct sockaddr *)&own, size), "bind");
}

static void call(struct calls *calls, long index, long number)
{
	int socket_ = make_socket(calls->servers[0].ss_family), i;

	opener = getpid();
	if (!strcmp(calls->mode, "again"))
		bind_to(socket_, calls->servers[0].ss_family, FIRST_PORT + index);
	if (!strcmp(calls->mode, "inherit")) {
		pid_t child;

		check(connect(socket_, (const struct sockaddr *)&calls->servers[0],
			      length(&calls->servers[0])),
		      "connect");
		child = fork();
		check(child, "fork");
		if (!child) {
			ask(socket_, calls->mode, nonce(number), &calls->servers[0]);
			_exit(0);
		}
		check(waitpid(child, NULL, 0), "waitpid");
	} else {
		for (i = 0; i < calls->server_count; i++)
			ask(socket_, calls->mode, nonce(number * BATCH + i),
			    &calls->servers[i]);
	}
	close(socket_);
}

static void call_often(long index, void *context)
{
	struct calls *calls = context;
	long i;

	for (i = 1; i <= calls->count; i++)
		call(calls, index, i);
}

static void stop(const char *text, const char *port)
{
	struct head head = { .size = sizeof(head) };
	struct sockaddr_storage address;
	socklen_t size = parse_address(&address, text, port);
	int socket_ = make_socket(address.ss_family);

	check(sendto(socket_, &head, sizeof(head), 0, (struct sockaddr *)&address, size),
	      "sendto");
	close(socket_);
}

static int call_all(char **argv)
{
	struct calls calls = { .mode = argv[2], .count = number_of(argv[6]) };
	char *port;

	for (port = strtok(argv[4], ","); port && calls.server_count < BATCH;
	     port = strtok(NULL, ","))
		parse_address(&calls.servers[calls.server_count++], argv[3], port);
	return in_children(number_of(argv[5]), call_often, &calls);
}

int main(int argc, char **argv)
{
	if (argc == 6 && !strcmp(argv[1], "serve")) {
		open_log(argv[5]);
		answer_all(argv[2], argv[3], argv[4]);
	} else if (argc == 8 && !strcmp(argv[1], "call")) {
		open_log(argv[7]);
		return !call_all(argv);
	} else if (argc == 4 && !strcmp(argv[1], "stop")) {
		stop(argv[2], argv[3]);
	} else {
		fputs("usage: talk-udp serve MODE ADDRESS PORT LOG | call MODE ADDRESS"
		      " PORT[,PORT]... PROCESSES COUNT LOG | stop ADDRESS PORT\n",
		      stderr);
		return 2;
	}
	return 0;
}
