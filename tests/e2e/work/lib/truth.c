// SPDX-License-Identifier: GPL-2.0-only
#include "truth.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static int log_file = -1;

void check(long result, const char *what)
{
	if (result >= 0)
		return;
	perror(what);
	exit(1);
}

void quit(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(1);
}

void open_log(const char *path)
{
	log_file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	check(log_file, path);
}

void tell(const char *format, ...)
{
	char line[512];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(line, sizeof(line) - 1, format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= sizeof(line) - 1)
		quit("a line of the log is too long");
	line[length] = '\n';
	check(write(log_file, line, (size_t)length + 1), "write to the log");
}

long number_of(const char *text)
{
	char *end;
	long number = strtol(text, &end, 10);

	if (end == text || *end)
		quit("%s: no number", text);
	return number;
}

uint64_t nonce(long number)
{
	return (uint64_t)getpid() << 32 | (uint64_t)number;
}

uint32_t amount(uint32_t largest)
{
	uint32_t most = random() % 20 ? 2000 : largest;

	return 1 + (uint32_t)random() % (most < largest ? most : largest);
}

void give(int socket, const void *data, size_t size)
{
	const char *at = data;

	while (size) {
		ssize_t done = send(socket, at, size, MSG_NOSIGNAL);

		check(done, "send");
		at += done;
		size -= (size_t)done;
	}
}

void take(int socket, void *data, size_t size)
{
	char *at = data;

	while (size) {
		ssize_t done = recv(socket, at, size, 0);

		check(done, "recv");
		if (!done)
			quit("recv: %zu bytes too few", size);
		at += done;
		size -= (size_t)done;
	}
}

void await_end(int socket)
{
	char byte;

	check(recv(socket, &byte, 1, 0), "recv at the end");
}

socklen_t parse_address(struct sockaddr_storage *address, const char *text,
			const char *port)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;

	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)number_of(port));
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, text, &v6->sin6_addr) != 1)
		quit("%s: no address", text);
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons((uint16_t)number_of(port));
	return sizeof(*v6);
}

socklen_t unix_address(struct sockaddr_un *address, const char *name)
{
	size_t size = strlen(name);

	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	if (size >= sizeof(address->sun_path))
		quit("%s: too long a name", name);
	memcpy(address->sun_path, name, size);
	if (*name != '@')
		return sizeof(*address);
	*address->sun_path = 0;
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
}

void describe_address(char *text, size_t size, const struct sockaddr_storage *address)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
	char name[INET6_ADDRSTRLEN];

	if (address->ss_family == AF_INET) {
		inet_ntop(AF_INET, &v4->sin_addr, name, sizeof(name));
		snprintf(text, size, "%s,%u", name, ntohs(v4->sin_port));
	} else {
		inet_ntop(AF_INET6, &v6->sin6_addr, name, sizeof(name));
		snprintf(text, size, "%s,%u",
			 strncmp(name, "::ffff:", 7) ? name : name + 7,
			 ntohs(v6->sin6_port));
	}
}

int in_children(long processes, void (*work)(long index, void *context), void *context)
{
	int status, well = 1;
	long i;

	for (i = 0; i < processes; i++) {
		pid_t child = fork();

		check(child, "fork");
		if (!child) {
			srandom((unsigned int)getpid());
			work(i, context);
			_exit(0);
		}
	}
	for (i = 0; i < processes; i++) {
		check(wait(&status), "wait");
		well &= !status;
	}
	return well;
}

pid_t fork_onto(int pair[2], int side)
{
	pid_t child = fork();

	check(child, "fork");
	if (!child) {
		srandom((unsigned int)getpid());
		close(pair[!side]);
	}
	return child;
}

void pass_file(int over, int file)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 }, byte = 'x';
	struct iovec data = { &byte, 1 };
	struct msghdr message = { .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &file, sizeof(int));
	check(sendmsg(over, &message, 0), "sendmsg");
}

int receive_file(int over)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec data = { &byte, 1 };
	struct msghdr message = { .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	const struct cmsghdr *head;
	int file;

	check(recvmsg(over, &message, 0), "recvmsg");
	head = CMSG_FIRSTHDR(&message);
	if (!head)
		quit("no file came");
	memcpy(&file, CMSG_DATA(head), sizeof(int));
	return file;
}
