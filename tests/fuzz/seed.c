// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: seed DIRECTORY
 *
 * Writes what the fuzzers begin with: well-formed inputs of each parser, as
 * DIRECTORY/NAME/NUMBER.
 */
#include "forge.h"
#include "recording.h"
#include "source.h"

#include "fuzz.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FAMILY = 30, SHELL = 500, CHILD = 501 };

static const struct {
	const char *parser;
	const char *text;
} texts[] = {
	{ "text", "plain" },
	{ "text", "a\nb\tc\\d\x1b[31m\x7f" },
	{ "text", "\xc3\xbc \xe2\x82\xac \xf0\x9f\x90\x9a \xe2\x80\xae \xc2\x85 \xef\xbb\xbf" },
	{ "text", "\xff\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80\xe0\x9f\xbf\xc3" },
	{ "text", "\"quoted\" \\u0041 \xf3\xa0\x81\x81" },
	{ "cgroup", "/" },
	{ "cgroup", "/system.slice/ssh.service" },
	{ "cgroup", "/user.slice/user-1000.slice/user@1000.service/app.slice/a.scope" },
	{ "cgroup", "/system.slice/docker-0123456789abcdef0123456789abcdef"
		    "0123456789abcdef0123456789abcdef.scope" },
	{ "cgroup", "/docker/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" },
	{ "cgroup", "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/"
		    "cri-containerd-0123456789abcdef.scope" },
	{ "cgroup", "/kubepods/besteffort/pod1/0123456789abcdef0123456789abcdef"
		    "0123456789abcdef0123456789abcdef" },
	{ "cgroup", "/machine.slice/libpod-payload-1/crio-conmon-2/lxc.payload.c" },
	{ "cgroup", "/machine.slice/machine-qemu\\x2d1\\x2dguest.scope/lxc/c1/docker-" },
	{ "cgroup", "/machine.slice/systemd-nspawn@box.service/payload//init.scope" },
	{ "moment", "now" },
	{ "moment", "today" },
	{ "moment", "yesterday" },
	{ "moment", "@1763770000.5" },
	{ "moment", "2026-11-21" },
	{ "moment", "2024-02-29T23:59:60.123456789Z" },
	{ "moment", "1969-12-31 00:00:00.1 UTC" },
	{ "moment", "10 min ago" },
	{ "moment", "-2h30m" },
	{ "moment", "1.5 weeks 3d 4hr ago" },
	{ "moment", "31years" },
	{ "config", "" },
	{ "config", "# nothing\n\n[collector]\n[policy]\n" },
	{ "config", "[collector]\ndatabase = /srv/kith/a b.db\n[policy]\nargv_max=4096\n" },
	{ "config", "[policy]\nbatch_ms = 10 ; a comment\nsweep_ms\t=\t5000\r\nfailed_exec=no" },
	{ "config", "[policy\nfailed_exec = yes\n[other]\nx = y\n  continued\n" },
	{ "config", "\xef\xbb\xbf[policy]\nargv_max: 4294967295\n; \xff\n=\n[collector]database" },
};

static const char *root;
static struct forge forge;

static const char *path_of(const char *parser, unsigned int number)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", root, parser);
	FUZZ_CHECK(!mkdir(path, 0777) || errno == EEXIST);
	snprintf(path, sizeof(path), "%s/%s/%03u", root, parser, number);
	unlink(path);
	return path;
}

static void write_seed(const char *parser, unsigned int number, const void *data, size_t size)
{
	FILE *file = fopen(path_of(parser, number), "we");

	FUZZ_CHECK(file);
	FUZZ_CHECK(fwrite(data, 1, size, file) == size && !fclose(file));
}

/* One that goes on, one that is over, and who listens. */
static void forge_conversations(unsigned int number, uint64_t client, uint64_t server)
{
	forge_connection(&forge, 100 + number, client, server);
	forge_one_end(&forge, KITH_CLIENT);
	forge_connection(&forge, 100, client, server)->ended = 0;
	forge_use(&forge, 100, KITH_SERVER, client);
	forge_listener(&forge, 99, server)->started = 0;
}

/* Of the other protocols, pipes, and what is told of both. */
static void forge_others(unsigned int number, uint64_t client, uint64_t server)
{
	forge_connection(&forge, 200 + number, client, server)->protocol = KITH_PROTOCOL_UDP;
	forge_datagrams(&forge, 3, 4);
	forge_unix(&forge, 300 + number, KITH_PROTOCOL_UNIX_STREAM, FORGE_NAME("\0a\0\x1b"));
	forge_unix(&forge, 101, KITH_PROTOCOL_UNIX_DGRAM, FORGE_NAME("/dev/log"))->ended = 0;
	forge_datagrams(&forge, number, 0);
	forge_pipe(&forge, 400 + number, client, server);
	forge_fifo(&forge, 102, 0, 0, "/tmp/fifo\xff")->ended = 0;
	forge_pipe_use(&forge, 102, client, 5, 0);
	forge_pipe_use(&forge, 102, 0, 0, 5);
	forge_made(&forge, client, 17, 3, 0x0300);
	forge_control(&forge, client, KITH_CONTROL_FD_PASS, server, "/etc/passwd")->object = 101;
	forge_control(&forge, client, KITH_CONTROL_FD_TAKE, server, NULL)->object = 102;
}

/* What is done with files and to them, and to the kernel. */
static void forge_files(unsigned int number, uint64_t shell, uint64_t child)
{
	const struct kith_file file = forge_file(12);

	forge_item(&forge, KITH_ITEM_FILE, &file, sizeof(file)); /* of the execution */
	forge_write(&forge, 500 + number, child, 12, 4096)->flags |= KITH_ACCESS_CREATED;
	forge_read(&forge, 600 + number, shell, 12, 4096)->writer = child;
	forge_access(&forge, 103, shell, 13 + number)->flags =
		KITH_ACCESS_MAPPED | KITH_ACCESS_SHARED | KITH_ACCESS_WRITABLE;
	forge_access_of(&forge, 104, child, (struct kith_file){ .kind = KITH_FILE_SYSV_QUEUE },
			NULL)
		->flags = UINT32_MAX & ~KITH_ACCESS_OVER;
	forge_reads(&forge, 105, shell, child, 14)->flags = 0;
	forge_reads(&forge, 106, child, 0, 15)->flags = KITH_READS_PLAIN;
	forge_change(&forge, child, KITH_CHANGE_RENAME, 12)->other = forge_file(13);
	forge_text(&forge, KITH_ITEM_NEW_PATH, "/f/\x1b]0;x");
	forge_change(&forge, child, KITH_CHANGE_SYMLINK, 0)->error = EEXIST;
	forge_text(&forge, KITH_ITEM_FILENAME, "../../etc/passwd");
	forge_change(&forge, child, KITH_CHANGE_SETXATTR, 12)->flags = KITH_CHANGE_UNSURE;
	forge_text(&forge, KITH_ITEM_XATTR, "security.capability");
	forge_control(&forge, child, KITH_CONTROL_MOUNT, 0, "/mnt")->value = 4096;
	forge_text(&forge, KITH_ITEM_DETAIL, "/dev/sda1, ext4");
	forge_control(&forge, child, KITH_CONTROL_VM_READ, shell, NULL)->count = 3;
}

/* All types, most items, and lives that hang together. */
static void forge_lives(unsigned int number)
{
	uint64_t shell = forge_key(UINT64_C(50) << 30, SHELL);
	uint64_t child = forge_key(forge.now, CHILD + number);
	uint32_t namespaces[8] = { 1, 2, 3, 4, 5, 6, 7, 0 };

	forge_cgroup(&forge, 7, "/system.slice/ssh.service");
	forge_fork(&forge, shell, child);
	FORGE_EXEC(&forge, child, shell, "/bin/sh", "sh\0-c\0\xff\n");
	forge_text(&forge, KITH_ITEM_CWD, "/home/\x1b[2J");
	forge_text(&forge, KITH_ITEM_SCRIPT, "/usr/bin/one");
	forge_text(&forge, KITH_ITEM_SCRIPT, "/usr/bin/two");
	forge_item(&forge, KITH_ITEM_NAMESPACES, namespaces, sizeof(namespaces));
	forge_text(&forge, KITH_ITEM_COMM, "renamed");
	forge_text(&forge, KITH_ITEM_CGROUP, "/docker/0123");
	forge_files(number, shell, child);
	forge_exec_failed(&forge, child, ENOENT, "/bin/nothing");
	forge_credential(&forge, child, KITH_CAUSE_SETUID, 0, 1000);
	forge_item(&forge, KITH_ITEM_GROUPS_TO, namespaces, 12);
	forge_credential(&forge, child, KITH_CAUSE_NONE, 1000, 0)->flags =
		KITH_CREDENTIAL_UNEXPLAINED;
	forge_attach(&forge, shell, child, 8);
	forge_sensor(&forge, KITH_SENSOR_POLICY, "argv_max=1");
	forge_conversations(number, shell, child);
	forge_others(number, shell, child);
	forge_loss(&forge, 1, KITH_CLASS_PROCESS, KITH_LOSS_FULL, 3 + number);
	forge.ring = 1;
	forge_exit(&forge, child, 1 << 8)->plain_reads = 5;
	forge.ring = 0;
}

static void forge_dump(void)
{
	forge_process(&forge, forge_key(0, 1), 0, "/sbin/init");
	forge_process(&forge, forge_key(UINT64_C(50) << 30, SHELL), forge_key(0, 1), "/bin/sh");
	forge_process(&forge, forge_key(0, 2), 0, NULL)->image.flags = KITH_IMAGE_KTHREAD;
	forge_connection(&forge, 100, forge_key(0, 1), 0)->flags |= KITH_CONNECTION_FOUND;
	forge_listener(&forge, 98, forge_key(0, 1))->started = 0;
	forge_pipe(&forge, 102, 0, 0)->ended = 0;
	forge_pipe_use(&forge, 102, forge_key(0, 1), 7, 0);
}

static void begin(void)
{
	memset(&forge, 0, sizeof(forge));
	forge.now = UINT64_C(100) << 30;
}

static struct kith_batch batch_of_forge(uint64_t number)
{
	return (struct kith_batch){
		.number = number,
		.boot_ns = forge.now,
		.real_ns = forge.now + UINT64_C(1700000000000000000),
		.records = 1,
		.bytes = (uint32_t)forge.used,
	};
}

static void write_records(void)
{
	size_t at;
	unsigned int number = 0;

	begin();
	forge_lives(0);
	forge_dump();
	write_seed("record", number++, forge.data, forge.used);
	for (at = 0; at < forge.used; number++) {
		const struct kith_record *record = (const void *)(forge.data + at);

		write_seed("record", number, record, record->size);
		at += record->size;
	}
}

static void write_message(unsigned int number, unsigned int type, unsigned int command)
{
	static char buffer[FORGE_BYTES];
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *header;
	struct kith_batch batch;

	begin();
	forge_lives(0);
	batch = batch_of_forge(1);
	message->nlmsg_type = (uint16_t)type;
	header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	header->cmd = (uint8_t)command;
	header->version = KITH_ABI_VERSION;
	memmove(forge.data + sizeof(batch), forge.data, forge.used);
	memcpy(forge.data, &batch, sizeof(batch));
	mnl_attr_put(message, KITH_A_BATCH, sizeof(batch) + forge.used, forge.data);
	write_seed("netlink", number, message, message->nlmsg_len);
}

static void record_event(struct recording *recording, enum source_event_kind kind,
			 const void *data, size_t size)
{
	struct source_event event = { .kind = kind, .data = data, .size = size };

	event.batch = batch_of_forge(1);
	event.info = (struct stream_info){
		.boot = "11111111-1111-4111-8111-111111111111",
		.version = "seed",
		.load = 77 + size,
		.loaded_ns = UINT64_C(10) << 30,
		.boot_ns = (int64_t)forge.now,
		.real_ns = (int64_t)forge.now + INT64_C(1700000000000000000),
		.rings = FORGE_RINGS,
	};
	FUZZ_CHECK(!recording_write(recording, &event));
	forge_clear(&forge);
}

/* A stream, its dump and batches; with a restart, or a reload, in between. */
static void write_recording(unsigned int number, bool dump, unsigned int streams)
{
	struct kith_position position = { .ring = 0, .seq = 9 };
	struct recording *recording;
	unsigned int i;

	begin();
	FUZZ_CHECK(!recording_create(&recording, path_of("recording", number)));
	for (i = 0; i < streams; i++) {
		record_event(recording, SOURCE_STREAM, NULL, i % 2);
		forge_dump();
		if (dump) {
			record_event(recording, SOURCE_DUMP, forge.data, forge.used);
			record_event(recording, SOURCE_CAUGHT, &position, sizeof(position));
		}
		forge_clear(&forge);
		forge_lives(2 * i);
		record_event(recording, SOURCE_BATCH, forge.data, forge.used);
		forge_lives(2 * i + 1);
		record_event(recording, SOURCE_BATCH, forge.data, forge.used);
	}
	FUZZ_CHECK(!recording_close(recording));
}

int main(int argc, char **argv)
{
	size_t i;

	FUZZ_CHECK(argc == 2);
	root = argv[1];
	FUZZ_CHECK(!mkdir(root, 0777) || errno == EEXIST);
	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		write_seed(texts[i].parser, (unsigned int)i, texts[i].text,
			   strlen(texts[i].text));
	write_records();
	write_message(0, FAMILY, KITH_CMD_EVENTS);
	write_message(1, FAMILY, KITH_CMD_GET_INFO);
	write_message(2, NLMSG_ERROR, 0);
	write_recording(0, false, 1);
	write_recording(1, true, 1);
	write_recording(2, true, 3);
	return EXIT_SUCCESS;
}
