// SPDX-License-Identifier: GPL-2.0-only
/* What responders ask about, made up: logins, containers, jobs of cron, compilations. */
#include "synthetic.h"

enum {
	SHADOW = 1 << 30, /* its file's number */
	FIRST_FILE,	  /* of those that stories make */
	FIRST_CGROUP = 1000,
	OBJECTS = 8, /* of a compilation */
};

static uint64_t file_of_story(const struct synthetic *synthetic, unsigned int which)
{
	return FIRST_FILE + (uint64_t)synthetic->story * 16 + which;
}

/* It is born, and runs @exe, which is @file if that is not 0. */
static uint64_t run(struct synthetic *synthetic, uint64_t parent,
		    struct synthetic_who who, const char *exe, uint64_t file)
{
	uint64_t process = synthetic_new_process(synthetic);
	struct synthetic_step *step;

	synthetic_plan(synthetic, synthetic_fork, process, parent, 0)->who = who;
	step = synthetic_plan(synthetic, synthetic_exec, process, parent, file);
	step->who = who;
	step->text = exe;
	return process;
}

static void end(struct synthetic *synthetic, uint64_t process)
{
	synthetic_plan(synthetic, synthetic_exit, process, 0, 0);
}

/* It reads what @writer has written there, or writes there itself. */
static void use(struct synthetic *synthetic, uint64_t process, uint64_t writer,
		uint64_t file, const char *path)
{
	struct synthetic_step *step =
		synthetic_plan(synthetic, synthetic_access, process, writer, file);

	step->text = path;
	step->number = file == SHADOW ? 0 : synthetic->story;
}

static void talk(struct synthetic *synthetic,
		 void (*put)(struct synthetic *, const struct synthetic_step *),
		 uint64_t process, uint64_t other, unsigned int port)
{
	synthetic_plan(synthetic, put, process, other, 0)->number = port;
}

static void become(struct synthetic *synthetic, uint64_t process,
		   struct synthetic_who who, const char *exploit)
{
	struct synthetic_step *step =
		synthetic_plan(synthetic, synthetic_credential, process, 0, 0);

	step->who = who;
	step->text = exploit;
}

/* Who has broken in fetches a tool, which makes him root and stays. */
static void tell_break_in(struct synthetic *synthetic, uint64_t shell,
			  struct synthetic_who who)
{
	const uint64_t tool = file_of_story(synthetic, 1);
	uint64_t process = run(synthetic, shell, who, "/usr/bin/wget", 0);

	talk(synthetic, synthetic_dial, process, 0, 80);
	use(synthetic, process, 0, tool, "/tmp/tool");
	end(synthetic, process);
	process = run(synthetic, shell, who, "/tmp/tool", tool);
	synthetic->plan[(synthetic->first + synthetic->planned - 1) % SYNTHETIC_PLAN]
		.number = synthetic->story;
	become(synthetic, process, who, "exploit");
	use(synthetic, process, 0, file_of_story(synthetic, 2), "/etc/cron.d/job");
	talk(synthetic, synthetic_dial, process, 0, 4444);
	end(synthetic, process);
}

/* Somebody logs in, looks around, and takes a secret away by sudo. */
static void tell_login(struct synthetic *synthetic)
{
	const struct synthetic_who user = { 1000 + synthetic->story % 8, synthetic->story,
					    0 };
	const struct synthetic_who root = { 0, synthetic->story, 0 };
	const uint64_t notes = file_of_story(synthetic, 0);
	uint64_t sshd = run(synthetic, synthetic->services[SYNTHETIC_SSHD], root,
			    "/usr/sbin/sshd", 0);
	uint64_t shell, process, writer;
	unsigned int i;

	talk(synthetic, synthetic_request, sshd, 0, 22);
	shell = run(synthetic, sshd, user, "/usr/bin/bash", 0);
	for (i = 0; i < 5; i++) {
		process = run(synthetic, shell, user, NULL, 0);
		end(synthetic, process);
	}
	process = run(synthetic, shell, user, "/usr/bin/sudo", 0);
	become(synthetic, process, user, NULL);
	writer = run(synthetic, process, root, "/usr/bin/cat", 0);
	use(synthetic, writer, 0, SHADOW, "/etc/shadow");
	use(synthetic, writer, 0, notes, "/tmp/notes");
	end(synthetic, writer);
	end(synthetic, process);
	process = run(synthetic, shell, user, "/usr/bin/curl", 0);
	use(synthetic, process, writer, notes, "/tmp/notes");
	talk(synthetic, synthetic_dial, process, 0, 443);
	end(synthetic, process);
	if (synthetic->story % 100 == 20)
		tell_break_in(synthetic, shell, user);
	end(synthetic, shell);
	end(synthetic, sshd);
}

/* A container lives for some seconds, and asks the one service that all use. */
static void tell_container(struct synthetic *synthetic)
{
	const struct synthetic_who who = { 0, 0, FIRST_CGROUP + synthetic->story };
	struct synthetic_step *step =
		synthetic_plan(synthetic, synthetic_cgroup, 0, 0, 0);
	uint64_t main, process;
	unsigned int i;

	step->who = who;
	step->text = "/system.slice/docker";
	step->number = synthetic->story;
	main = run(synthetic, synthetic->services[SYNTHETIC_CONTAINERD], who,
		   "/usr/local/bin/entrypoint", 0);
	for (i = 0; i < 4; i++) {
		process = run(synthetic, main, who, NULL, 0);
		talk(synthetic, synthetic_dial, process,
		     synthetic->services[SYNTHETIC_REDIS], 6379);
		use(synthetic, process, 0, file_of_story(synthetic, i), "/data/result");
		end(synthetic, process);
	}
	talk(synthetic, synthetic_dial, main, 0, 443);
	end(synthetic, main);
}

/* A script, which cron has a shell run. */
static void tell_job(struct synthetic *synthetic)
{
	const struct synthetic_who who = { 0, 0, 0 };
	uint64_t process = run(synthetic, synthetic->services[SYNTHETIC_CRON], who,
			       "/usr/bin/dash", 0);
	struct synthetic_step *step =
		&synthetic->plan[(synthetic->first + synthetic->planned - 1) %
				 SYNTHETIC_PLAN];

	step->more = "/usr/local/bin/hourly";
	talk(synthetic, synthetic_dial, process, synthetic->services[SYNTHETIC_REDIS],
	     6379);
	use(synthetic, process, 0, file_of_story(synthetic, 0), "/var/backups/dump");
	end(synthetic, process);
}

/* A burst: many compilers, and what makes one of what they have made. */
static void tell_compilation(struct synthetic *synthetic)
{
	const struct synthetic_who who = { 1000, 0, 0 };
	const uint64_t make = synthetic->services[SYNTHETIC_MAKE];
	uint64_t process[OBJECTS], linker;
	unsigned int i;

	for (i = 0; i < OBJECTS; i++) {
		process[i] = run(synthetic, make, who, "/usr/bin/cc1plus", 0);
		use(synthetic, process[i], 0, file_of_story(synthetic, i),
		    "/home/user/src/x.o");
		end(synthetic, process[i]);
	}
	linker = run(synthetic, make, who, "/usr/bin/ld.bfd", 0);
	for (i = 0; i < OBJECTS; i++)
		use(synthetic, linker, process[i], file_of_story(synthetic, i),
		    "/home/user/src/x.o");
	use(synthetic, linker, 0, file_of_story(synthetic, OBJECTS),
	    "/home/user/src/program");
	end(synthetic, linker);
}

void synthetic_tell(struct synthetic *synthetic)
{
	static void (*const stories[])(struct synthetic *) = {
		tell_login, tell_container, tell_job, tell_job, tell_compilation,
	};

	synthetic->story++;
	stories[synthetic->story % (sizeof(stories) / sizeof(*stories))](synthetic);
}
