/* SPDX-License-Identifier: GPL-2.0-only */
/* The ways in which a server shares its work among processes and threads. */
#ifndef WORK_SERVE_H
#define WORK_SERVE_H

#include <sys/types.h>

/* Has one conversation, on a socket that `opener` accepted. Return: go on? */
typedef int answer_fn(int socket, pid_t opener);

/*
 * Until a client says stop. MODE:
 *	single	one after the other
 *	thread	a thread for each conversation
 *	fork	a process for each; who accepts says nothing
 *	prefork	several processes accept from one socket
 *	pass	who accepts hands each socket to another process
 */
void serve(const char *mode, int listener, answer_fn *answer);

/* Several processes work on one socket, until one of them has been told to stop. */
void serve_together(int socket, void (*work)(int socket));

#endif /* WORK_SERVE_H */
