// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: NAME ROUNDS DIRECTORY...    the files there, then ROUNDS mutations of them
 *        NAME FILE...                those files alone
 *
 * The same files and the same ROUNDS are the same inputs: what fails fails again.
 * The parser runs in a child, so that this process can tell which input it died
 * of; that input stays in the working directory.
 */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { INPUT_MAX = 1 << 18, SEEDS_MAX = 512, INPUT_SECONDS = 10, STEPS = 4 };

struct seed {
	char *name;
	uint8_t *data;
	size_t size;
};

/* Shared with the child. */
struct input {
	size_t size;
	unsigned int inputs;
	uint8_t data[INPUT_MAX];
};

static struct seed seeds[SEEDS_MAX];
static size_t seed_count;
static struct input *input;
static uint64_t state = UINT64_C(0x9e3779b97f4a7c15);

/* xorshift64*, Vigna 2014 */
static size_t draw(size_t below)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (size_t)((state * UINT64_C(2685821657736338717)) >> 16) % below;
}

static void load(const char *path)
{
	FILE *file = fopen(path, "re");
	struct seed *seed = &seeds[seed_count];

	FUZZ_CHECK(file && seed_count < SEEDS_MAX);
	seed->name = strdup(path);
	seed->data = malloc(INPUT_MAX);
	FUZZ_CHECK(seed->name && seed->data);
	seed->size = fread(seed->data, 1, INPUT_MAX, file);
	fclose(file);
	seed_count++;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct seed *)a)->name, ((const struct seed *)b)->name);
}

/* In the order of their names: that of the directory is another one elsewhere. */
static void load_directory(const char *path)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;
	size_t first = seed_count;
	char name[512];

	if (!directory)
		return;
	while ((entry = readdir(directory))) {
		if (*entry->d_name == '.')
			continue;
		snprintf(name, sizeof(name), "%.250s/%.250s", path, entry->d_name);
		load(name);
	}
	closedir(directory);
	qsort(seeds + first, seed_count - first, sizeof(*seeds), by_name);
}

static const uint32_t telling[] = { 0, 1, 2, 7, 8, 0x7f, 0x80, 0xff, 0x7fff, 0x8000,
				    0xffff, 0x7fffffff, 0x80000000, 0xffffffff };

static void overwrite(size_t width)
{
	uint64_t value = telling[draw(sizeof(telling) / sizeof(*telling))];
	size_t at;

	if (input->size < width)
		return;
	if (width == 8 && draw(2))
		value |= value << 32;
	at = draw(input->size - width + 1);
	if (draw(4))
		at &= ~(width - 1);
	memcpy(input->data + at, &value, width);
}

/* Put @size bytes of @from where @at is; what does not fit goes. */
static void insert(size_t at, const uint8_t *from, size_t size)
{
	if (size > INPUT_MAX - input->size)
		size = INPUT_MAX - input->size;
	memmove(input->data + at + size, input->data + at, input->size - at);
	memcpy(input->data + at, from, size);
	input->size += size;
}

static void cut(size_t at, size_t size)
{
	memmove(input->data + at, input->data + at + size, input->size - at - size);
	input->size -= size;
}

/* A piece of some seed, or of what is there; often in steps of eight bytes. */
static void graft(void)
{
	static uint8_t piece[INPUT_MAX];
	const struct seed *seed = &seeds[draw(seed_count)];
	size_t mask = draw(2) ? ~(size_t)7 : ~(size_t)0, at, size;

	if (!seed->size)
		return;
	at = draw(seed->size) & mask;
	size = draw(seed->size - at) + 1;
	if (size > 2048)
		size = draw(2048) + 1;
	size = (size & mask) ? size & mask : size;
	memcpy(piece, seed->data + at, size);
	insert(draw(input->size + 1) & mask, piece, size);
}

static void mutate_once(void)
{
	size_t at = input->size ? draw(input->size) : 0;

	switch (draw(8)) {
	case 0:
		if (input->size)
			input->data[at] ^= (uint8_t)(1 << draw(8));
		break;
	case 1:
		if (input->size)
			input->data[at] = (uint8_t)draw(256);
		break;
	case 2:
	case 3:
	case 4:
		overwrite((size_t)1 << draw(4));
		break;
	case 5:
		if (input->size)
			cut(at, draw(input->size - at < 64 ? input->size - at : 64) + 1);
		break;
	case 6:
		if (draw(4) == 0)
			input->size = at;
		break;
	default:
		graft();
	}
}

static void take(const struct seed *seed)
{
	memcpy(input->data, seed->data, seed->size);
	input->size = seed->size;
}

/* From a copy of its own: what is around it is nobody's. */
static void run_input(void)
{
	uint8_t *copy = malloc(input->size ? input->size : 1);

	FUZZ_CHECK(copy);
	memcpy(copy, input->data, input->size);
	alarm(INPUT_SECONDS);
	LLVMFuzzerTestOneInput(copy, input->size);
	alarm(0);
	input->inputs++;
	free(copy);
}

static void run_all(size_t rounds)
{
	size_t i, steps;

	for (i = 0; i < seed_count; i++) {
		take(&seeds[i]);
		run_input();
	}
	for (i = 0; seed_count && i < rounds; i++) {
		take(&seeds[draw(seed_count)]);
		for (steps = draw(STEPS) + 1; steps; steps--)
			mutate_once();
		run_input();
	}
	for (i = 0; i < seed_count; i++) {
		free(seeds[i].name);
		free(seeds[i].data);
	}
}

static void keep_input(const char *name)
{
	char path[256], directory[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "failed-%s", name);
	file = fopen(path, "we");
	FUZZ_CHECK(file && fwrite(input->data, 1, input->size, file) == input->size &&
		   !fclose(file));
	printf("  repeat: %s %s/%s\n", program_invocation_name,
	       getcwd(directory, sizeof(directory)) ? directory : ".", path);
}

int main(int argc, char **argv)
{
	size_t rounds = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
	int i, status;
	pid_t child;

	input = mmap(NULL, sizeof(*input), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	FUZZ_CHECK(input != MAP_FAILED);
	for (i = rounds ? 2 : 1; i < argc; i++)
		rounds ? load_directory(argv[i]) : load(argv[i]);
	fflush(stdout);
	child = fork();
	FUZZ_CHECK(child >= 0);
	if (!child) {
		run_all(rounds);
		return EXIT_SUCCESS;
	}
	FUZZ_CHECK(waitpid(child, &status, 0) == child);
	if (status && rounds)
		keep_input(program_invocation_short_name);
	printf("%s: %u checks, %d failures\n", program_invocation_short_name, input->inputs,
	       status != 0);
	return status ? EXIT_FAILURE : EXIT_SUCCESS;
}
