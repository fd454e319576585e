/* SPDX-License-Identifier: GPL-2.0-only */
/* What the workloads share that write down the truth: the log, requests, addresses. */
#ifndef WORK_TRUTH_H
#define WORK_TRUTH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

enum { LARGEST = 100000 };

/* What a client says first: how much comes, and how much it wants back. */
struct request {
	uint64_t nonce; /* 0: stop */
	uint32_t up;	/* bytes after this, to the server */
	uint32_t down;
};

/* Says what failed and ends the process if result is negative. */
void check(long result, const char *what);
__attribute__((noreturn, format(printf, 1, 2))) void quit(const char *format, ...);

void open_log(const char *path);
/* A line of the log; whoever else writes there, it stays whole. */
__attribute__((format(printf, 1, 2))) void tell(const char *format, ...);

/* Of an argument; it ends the process if that is none. */
long number_of(const char *text);

/* No other process's, nor any other of this one's. */
uint64_t nonce(long number);
/* Mostly small, at times large, never 0: an answer says that all has been read. */
uint32_t amount(uint32_t largest);

void give(int socket, const void *data, size_t size);
void take(int socket, void *data, size_t size);
/* Until the other one closes. */
void await_end(int socket);

/* Return: its size. */
socklen_t parse_address(struct sockaddr_storage *address, const char *text,
			const char *port);
/* Of a path, or of @ and an abstract name. Return: its size. */
socklen_t unix_address(struct sockaddr_un *address, const char *name);
/* "address,port" as the database writes them. */
void describe_address(char *text, size_t size, const struct sockaddr_storage *address);

/* Run work(index) in so many children. Return: did all end well? */
int in_children(long processes, void (*work)(long index, void *context), void *context);

/* fork(), where the child keeps this side of a pipe or pair and closes the other. */
pid_t fork_onto(int pair[2], int side);

/* Over a Unix socket, to another process. */
void pass_file(int over, int file);
int receive_file(int over);

#endif /* WORK_TRUTH_H */
