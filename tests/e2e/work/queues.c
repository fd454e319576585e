// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: queues MESSAGES
 *
 * One process sends as many messages through a queue of System V and through one of
 * POSIX, which are full at times, and another receives them, and is late at times. Some
 * calls are those of 32-bit programs, some are in vain. Then each writes what it did to
 * standard output, a line for each queue:
 *
 *	pid|name|messages sent|bytes sent|messages received|bytes received
 */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LARGEST = 4000, IA32_IPC = 117, IA32_MSGSND = 11 };

struct message {
	long type; /* of 32-bit programs its upper half is text */
	char bytes[LARGEST];
};

struct sums {
	unsigned long sent, bytes_sent, received, bytes_received;
};

static struct message *message; /* below 4 GiB */
static int number;
static mqd_t queue;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* msgsnd(2) by the gate of 32-bit programs: one of the calls of ipc(2). */
static int send_narrow(size_t size)
{
	int result;

	__asm__ volatile("int $0x80"
		     : "=a"(result)
		     : "a"(IA32_IPC), "b"(IA32_MSGSND), "c"(number), "d"((uint32_t)size), "S"(0),
		       "D"((uint32_t)(uintptr_t)message)
		     : "memory", "r8", "r9", "r10", "r11");
	return result;
}

static void send_one(struct sums *sysv, struct sums *posix, unsigned int i)
{
	size_t size = (size_t)rand() % LARGEST + 1;
	bool narrow = i % 3 == 0;

	message->type = 1;
	if (narrow ? send_narrow(size) : msgsnd(number, message, size, 0))
		die("msgsnd");
	sysv->sent++;
	sysv->bytes_sent += size;
	if (mq_send(queue, message->bytes, size, 0))
		die("mq_send");
	posix->sent++;
	posix->bytes_sent += size;
}

static void receive_one(struct sums *sysv, struct sums *posix, unsigned int i)
{
	ssize_t size;

	if (i % 10 == 0)
		usleep(20000);
	if (i % 16 == 0 && (msgrcv(number, message, 0, 2, IPC_NOWAIT) >= 0 || errno != ENOMSG))
		die("msgrcv in vain");
	size = msgrcv(number, message, LARGEST, 0, 0);
	if (size < 0)
		die("msgrcv");
	sysv->received++;
	sysv->bytes_received += (unsigned long)size;
	size = mq_receive(queue, message->bytes, LARGEST, NULL);
	if (size < 0)
		die("mq_receive");
	posix->received++;
	posix->bytes_received += (unsigned long)size;
}

static void print(const char *name, const struct sums *sums)
{
	printf("%d|%s|%lu|%lu|%lu|%lu\n", getpid(), name, sums->sent, sums->bytes_sent,
	       sums->received, sums->bytes_received);
}

static void work(unsigned int messages, bool sends)
{
	struct sums sysv = { 0, 0, 0, 0 }, posix = { 0, 0, 0, 0 };
	char name[32];
	unsigned int i;

	srand((unsigned int)getpid());
	for (i = 0; i < messages; i++)
		(sends ? send_one : receive_one)(&sysv, &posix, i);
	snprintf(name, sizeof(name), "msqid %d", number);
	print(name, &sysv);
	print("/kith", &posix);
	fflush(stdout);
	_exit(0);
}

int main(int argc, char **argv)
{
	struct mq_attr attributes = { .mq_maxmsg = 8, .mq_msgsize = LARGEST };
	unsigned int messages = argc > 1 ? (unsigned int)atoi(argv[1]) : 0;
	int status = 0, failed = 0;

	if (!messages)
		return 2;
	message = mmap(NULL, sizeof(*message), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	number = msgget(IPC_PRIVATE, 0600);
	mq_unlink("/kith");
	queue = mq_open("/kith", O_RDWR | O_CREAT, 0600, &attributes);
	if (message == MAP_FAILED || number < 0 || queue == (mqd_t)-1)
		die("queues");
	if (!fork())
		work(messages, true);
	if (!fork())
		work(messages, false);
	while (wait(&status) > 0)
		failed |= status;
	msgctl(number, IPC_RMID, NULL);
	mq_unlink("/kith");
	return failed ? 1 : 0;
}
