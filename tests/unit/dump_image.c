// SPDX-License-Identifier: GPL-2.0-only
/* What the dump does not know of a process stays as it was. */
#include "rig.h"

enum { SHELL = 500, OTHER = 502 };

static struct rig rig;
static uint64_t shell, other;

static void begin(void)
{
	rig_open(&rig);
	shell = forge_key(RIG_AT(50), SHELL);
	other = forge_key(RIG_AT(60), OTHER);
}

/* The dump cannot know the terminal: none in it is no news, unless setsid(2) was called. */
START_TEST(a_terminal_stays)
{
	struct kith_image *image;

	begin();
	image = FORGE_EXEC(&rig.forge, shell, 0, "/bin/sh", "sh");
	image->tty = 136 << 20 | 4;
	image->sid = SHELL;
	image = FORGE_EXEC(&rig.forge, other, 0, "/bin/d", "d");
	image->tty = 136 << 20 | 4;
	image->sid = SHELL;
	rig_feed(&rig);
	rig_commit(&rig);
	rig_restart(&rig);
	forge_process(&rig.forge, shell, 0, "/bin/sh")->image.sid = SHELL;
	forge_process(&rig.forge, other, 0, "/bin/d")->image.sid = OTHER;
	rig_dumped(&rig);
	rig_check("SELECT pid, tty, sid FROM process ORDER BY pid",
		  "500|142606340|500\n502|-|502");
	rig_close(&rig);
}
END_TEST

/* An execution was lost; the process has stayed in its session. */
START_TEST(a_terminal_stays_with_another_image)
{
	struct kith_image *image;

	begin();
	image = FORGE_EXEC(&rig.forge, shell, 0, "/bin/sh", "sh");
	image->tty = 7;
	image->sid = SHELL;
	rig_feed(&rig);
	forge_process(&rig.forge, shell, 0, "/bin/vi")->image.sid = SHELL;
	rig_dumped(&rig);
	rig_check("SELECT exe, tty FROM process", "/bin/vi|7");
	rig_close(&rig);
}
END_TEST

/* An exec tells of the terminal itself. */
START_TEST(a_terminal_is_given_up)
{
	begin();
	FORGE_EXEC(&rig.forge, shell, 0, "/bin/sh", "sh")->tty = 7;
	FORGE_EXEC(&rig.forge, shell, 0, "/bin/d", "d");
	rig_expect(&rig, "SELECT tty FROM process", "-");
	rig_close(&rig);
}
END_TEST

/* Of a zombie there is neither image nor namespaces nor control group any more. */
START_TEST(a_zombie)
{
	const struct kith_namespaces known = { 11, 12, 13, 14, 15, 16, 17, 0 };
	const struct kith_namespaces none = { 0 };
	struct kith_image *image;

	begin();
	image = FORGE_EXEC(&rig.forge, shell, 0, "/bin/sh", "sh");
	image->ns_pid = 3;
	image->sid = SHELL;
	forge_item(&rig.forge, KITH_ITEM_NAMESPACES, &known, sizeof(known));
	rig_feed(&rig);
	image = &forge_process(&rig.forge, shell, 0, NULL)->image;
	image->known = KITH_KNOWN_ROOT;
	image->cgroup = 0;
	image->ns_pid = 0;
	image->sid = 0;
	forge_item(&rig.forge, KITH_ITEM_NAMESPACES, &none, sizeof(none));
	rig_dumped(&rig);
	rig_check("SELECT exe, argv, ns_pid, sid, mnt_ns, container_id IS NULL, gone FROM process",
		  "/bin/sh|sh|3|500|11|0|0");
	rig_check("SELECT count(*) FROM container", "1");
	rig_close(&rig);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dump_image");

	unit_add(suite, a_terminal_stays);
	unit_add(suite, a_terminal_stays_with_another_image);
	unit_add(suite, a_terminal_is_given_up);
	unit_add(suite, a_zombie);
	return unit_run(suite);
}
