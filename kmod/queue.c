// SPDX-License-Identifier: GPL-2.0-only
/*
 * Message queues: who sends and who receives, and how much.
 *
 * Both kinds copy a message from the sender's memory and into the receiver's by the same
 * two functions, each in the context of whose memory it is; which queue it is says the
 * system call. A message that was received is exact. One that is sent may yet find no
 * room, or no time.
 */
#include "queue.h"

#include "account.h"
#include "compat/arch.h"
#include "file.h"
#include "image.h"
#include "object.h"
#include "worth.h"

#include <linux/bits.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/ipc_namespace.h>
#include <linux/nsproxy.h>
#include <linux/sched.h>

enum {
	NAME_SIZE = 24,
	SEQUENCE_SHIFT = 15,	     /* of the id of a queue of System V: above is how often */
	DEVICE_MASK = BIT(19) - 1,   /* minor numbers: */
	DEVICE_FIRST = BIT(19),	     /* those of file systems come from below */
};

/* The queue of System V with that number, of current's namespace. */
static void identify(struct kith_file *id, int number)
{
	*id = (struct kith_file){
		.inode = number, .generation = number >> SEQUENCE_SHIFT,
		.device = (current->nsproxy->ipc_ns->ns.inum & DEVICE_MASK) | DEVICE_FIRST,
		.kind = KITH_FILE_SYSV_QUEUE,
	};
	id->real_inode = id->inode;
	id->real_device = id->device;
}

static struct kith_line *sysv_line(struct kith_account *account, int number)
{
	char name[NAME_SIZE];
	struct kith_file id;
	struct kith_line_of of = {
		.kind = KITH_LINE_FILE, .file = &id, .path = name,
		.mntns = kith_image_mnt_ns(current),
	};

	identify(&id, number);
	of.path_size = scnprintf(name, sizeof(name), "msqid %d", number);
	return kith_line_obtain(account, &of);
}

static struct kith_line *posix_line(struct kith_account *account, int number,
				    enum kith_file_way way)
{
	struct kith_line *line = NULL;
	struct file *file = fget(number);

	if (!file)
		return NULL;
	if (kith_object_is_queue(file_inode(file)))
		line = kith_worth_line(account, file, way, 0);
	fput(file);
	return line;
}

static void move(u64 bytes, enum kith_file_way way)
{
	int number;
	enum kith_message_call call = kith_message_call(way == KITH_FILE_WRITE, &number);
	struct kith_account *account;
	struct kith_line *line;

	account = call == KITH_NO_MESSAGE ? NULL : kith_file_account();
	if (!account)
		return;
	if (call == KITH_SYSV_MESSAGE)
		line = sysv_line(account, number);
	else
		line = posix_line(account, number, way);
	if (!line)
		return;
	if (way == KITH_FILE_WRITE)
		kith_line_mark(line, KITH_ACCESS_UPPER_WRITTEN);
	kith_line_add(line, way, bytes);
	kith_line_put(line);
}

/* load_msg(source, length) */
KITH_ENTRY(kith_queue_sending)
{
	move(KITH_ARGUMENT(regs, 1, size_t), KITH_FILE_WRITE);
}

/* store_msg(destination, message, length) */
KITH_ENTRY(kith_queue_receiving)
{
	move(KITH_ARGUMENT(regs, 2, size_t), KITH_FILE_READ);
}
