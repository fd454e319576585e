// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: far DEVICE DIR LOG
 *
 * Another machine: all hosts behind the TUN device that it makes. It speaks as much TCP
 * as nothing that gets lost needs, and no socket of this host is its end. On port 80 it
 * serves the files in DIR, of 30,000 bytes at most; elsewhere it takes all that comes.
 * Writes to LOG for each conversation: the client's port, its own, bytes received and sent.
 * Goes on until it is killed.
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { TALKS = 256, FILE_MAX = 30000, SEGMENT = 1400, HTTP = 80, REQUEST = 1024, OURS = 1 };

struct packet {
	struct iphdr ip;
	struct tcphdr tcp;
	char data[2048];
} __attribute__((packed));

/* In the order of the host. */
struct talk {
	bool open;
	uint32_t ours;
	uint32_t theirs;
	uint16_t our_port;
	uint16_t their_port;
	uint32_t expected;
	uint32_t next;
	uint32_t received;
	uint32_t sent;
	char request[REQUEST];
};

static struct talk talks[TALKS];
static int tun;

static uint32_t sum_of(const void *data, size_t size)
{
	const unsigned char *at = data;
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < size; i++)
		sum += i % 2 ? at[i] : (uint32_t)at[i] << 8;
	return sum;
}

static uint16_t folded(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static void send_packet(struct talk *talk, unsigned int flags, const char *data, size_t size)
{
	const size_t length = sizeof(struct tcphdr) + size;
	struct packet packet = {
		.ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_TCP,
			.tot_len = htons((uint16_t)(sizeof(struct iphdr) + length)),
			.saddr = htonl(talk->ours), .daddr = htonl(talk->theirs) },
		.tcp = { .source = htons(talk->our_port), .dest = htons(talk->their_port),
			 .seq = htonl(talk->next), .ack_seq = htonl(talk->expected),
			 .doff = 5, .window = htons(UINT16_MAX) },
	};

	packet.tcp.ack = 1;
	packet.tcp.syn = (flags & TH_SYN) != 0;
	packet.tcp.fin = (flags & TH_FIN) != 0;
	if (size)
		memcpy(packet.data, data, size);
	packet.ip.check = folded(sum_of(&packet.ip, sizeof(packet.ip)));
	packet.tcp.check = folded(sum_of(&packet.ip.saddr, 2 * sizeof(uint32_t)) + IPPROTO_TCP +
				  (uint32_t)length + sum_of(&packet.tcp, length));
	if (write(tun, &packet, sizeof(struct iphdr) + length) < 0)
		err(1, "write");
	talk->next += (uint32_t)size + !!(flags & (TH_SYN | TH_FIN));
	talk->sent += (uint32_t)size;
}

static void answer(struct talk *talk)
{
	static char text[FILE_MAX + REQUEST];
	char name[REQUEST], *end = strchr(talk->request + 5, ' ');
	size_t size, at;
	FILE *file;

	if (end)
		*end = '\0';
	snprintf(name, sizeof(name), "./%.200s", talk->request + 5);
	file = fopen(name, "re");
	if (!file)
		err(1, "%s", name);
	size = (size_t)sprintf(text, "HTTP/1.0 200 OK\r\n\r\n");
	size += fread(text + size, 1, FILE_MAX, file);
	fclose(file);
	for (at = 0; at < size; at += SEGMENT)
		send_packet(talk, 0, text + at, size - at < SEGMENT ? size - at : SEGMENT);
	send_packet(talk, TH_FIN, NULL, 0);
}

static struct talk *find(const struct packet *packet)
{
	struct talk *unused = NULL;
	int i;

	for (i = 0; i < TALKS; i++) {
		struct talk *talk = &talks[i];

		if (talk->open && talk->their_port == ntohs(packet->tcp.source) &&
		    talk->our_port == ntohs(packet->tcp.dest))
			return talk;
		if (!talk->open)
			unused = talk;
	}
	if (!unused || !packet->tcp.syn)
		return NULL;
	*unused = (struct talk){
		.open = true, .next = OURS, .expected = ntohl(packet->tcp.seq) + 1,
		.ours = ntohl(packet->ip.daddr), .theirs = ntohl(packet->ip.saddr),
		.our_port = ntohs(packet->tcp.dest), .their_port = ntohs(packet->tcp.source),
	};
	send_packet(unused, TH_SYN, NULL, 0);
	return NULL;
}

static void take(struct talk *talk, const char *data, size_t size)
{
	size_t had = strlen(talk->request);

	talk->expected += (uint32_t)size;
	talk->received += (uint32_t)size;
	send_packet(talk, 0, NULL, 0);
	if (talk->our_port != HTTP || had + size >= REQUEST)
		return;
	memcpy(talk->request + had, data, size);
	if (strstr(talk->request, "\r\n\r\n"))
		answer(talk);
}

static void heard(struct packet *packet, size_t length, FILE *log)
{
	const size_t before = packet->ip.ihl * 4U + packet->tcp.doff * 4U;
	struct talk *talk;

	if (packet->ip.version != 4 || packet->ip.protocol != IPPROTO_TCP || length < before)
		return;
	talk = find(packet);
	if (!talk || ntohl(packet->tcp.seq) != talk->expected)
		return;
	if (length > before)
		take(talk, (char *)packet + before, length - before);
	if (!packet->tcp.fin)
		return;
	talk->expected++;
	/* He who serves has ended it already. */
	send_packet(talk, talk->our_port == HTTP ? 0 : TH_FIN, NULL, 0);
	fprintf(log, "%u,%u,%u,%u\n", talk->their_port, talk->our_port, talk->received,
		talk->sent);
	fflush(log);
	talk->open = false;
}

int main(int argc, char **argv)
{
	struct ifreq device = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	struct packet packet;
	ssize_t length;
	FILE *log;

	if (argc != 4)
		errx(2, "usage: far DEVICE DIR LOG");
	log = fopen(argv[3], "ae");
	tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	snprintf(device.ifr_name, sizeof(device.ifr_name), "%s", argv[1]);
	if (!log || tun < 0 || ioctl(tun, TUNSETIFF, &device) || chdir(argv[2]))
		err(1, "cannot be another machine");
	while ((length = read(tun, &packet, sizeof(packet))) > 0)
		if ((size_t)length >= sizeof(struct iphdr) + sizeof(struct tcphdr))
			heard(&packet, (size_t)length, log);
	err(1, "read");
}
