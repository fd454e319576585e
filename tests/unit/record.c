// SPDX-License-Identifier: GPL-2.0-only
/* record_parse(): what it takes, and that it takes nothing else. */
#include "record.h"

#include "forge.h"
#include "unit.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	unsigned int type;
	unsigned int class_;
	size_t body;
} types[] = {
	{ KITH_RECORD_FORK, KITH_CLASS_PROCESS, sizeof(struct kith_fork) },
	{ KITH_RECORD_EXEC, KITH_CLASS_EXECUTION, sizeof(struct kith_exec) },
	{ KITH_RECORD_EXEC_FAILED, KITH_CLASS_FAILED_EXEC,
	  sizeof(struct kith_exec_failed) },
	{ KITH_RECORD_EXIT, KITH_CLASS_PROCESS, offsetof(struct kith_exit, plain_reads) },
	{ KITH_RECORD_CREDENTIAL, KITH_CLASS_CREDENTIAL,
	  sizeof(struct kith_credential_change) },
	{ KITH_RECORD_CGROUP, KITH_CLASS_CGROUP, sizeof(struct kith_cgroup) },
	{ KITH_RECORD_CGROUP_ATTACH, KITH_CLASS_CGROUP,
	  sizeof(struct kith_cgroup_attach) },
	{ KITH_RECORD_SENSOR, KITH_CLASS_SENSOR, sizeof(struct kith_sensor) },
	{ KITH_RECORD_LOSS, KITH_CLASSES, sizeof(struct kith_loss) },
	{ KITH_RECORD_PROCESS, KITH_CLASSES, sizeof(struct kith_process) },
	{ KITH_RECORD_CONNECTION, KITH_CLASS_CONNECTION, sizeof(struct kith_connection) },
	{ KITH_RECORD_LISTENER, KITH_CLASS_CONNECTION, sizeof(struct kith_listener) },
	{ KITH_RECORD_USE, KITH_CLASS_CONNECTION, sizeof(struct kith_use) },
	{ KITH_RECORD_PIPE, KITH_CLASS_CONNECTION, sizeof(struct kith_pipe) },
	{ KITH_RECORD_SOCKET, KITH_CLASS_CONNECTION, sizeof(struct kith_socket_made) },
	{ KITH_RECORD_CONTROL, KITH_CLASS_CONTROL, offsetof(struct kith_control, first) },
	{ KITH_RECORD_ACCESS, KITH_CLASS_FILE, sizeof(struct kith_access) },
	{ KITH_RECORD_READS, KITH_CLASS_FILE, sizeof(struct kith_reads) },
	{ KITH_RECORD_CHANGE, KITH_CLASS_CHANGE, sizeof(struct kith_change) },
};

static struct forge forge;

/* Parse an exact copy of @size bytes of the forge. Return: what came, and the copy. */
static int parse(size_t size, struct record *record, char **copy)
{
	*copy = unit_exact(forge.data, size);
	return record_parse(*copy, size, record);
}

/* Nothing of @record may lie outside of @data; read it all, so ASan can object. */
static void check_inside(const struct record *record, const char *data, size_t size)
{
	const char *end = data + size;
	volatile unsigned char sink = 0;
	size_t i, j;

	if (record->body) {
		ck_assert_ptr_eq(record->body, data + sizeof(struct kith_record));
		for (i = 0; i < types[record->head.type - 1].body; i++)
			sink = (unsigned char)(sink ^ ((const char *)record->body)[i]);
	}
	ck_assert_uint_le(record->script_count, RECORD_SCRIPTS);
	for (i = 0; i < RECORD_ITEM_KINDS + record->script_count; i++) {
		struct slice item = i < RECORD_ITEM_KINDS ?
					    record->items[i] :
					    record->scripts[i - RECORD_ITEM_KINDS];

		if (!item.size)
			continue;
		ck_assert(item.data >= data && item.data <= end &&
			  item.size <= (size_t)(end - item.data));
		for (j = 0; j < item.size; j++)
			sink = (unsigned char)(sink ^ item.data[j]);
	}
}

/* A full record of each type: a body, and items with all paddings. */
static void forge_full(unsigned int row)
{
	forge_clear(&forge);
	forge_record(&forge, types[row].type, 42, types[row].body);
	forge_text(&forge, KITH_ITEM_EXE, "/bin/true");
	forge_item(&forge, KITH_ITEM_ARGV, "true\0x\0", 7);
	forge_text(&forge, KITH_ITEM_SCRIPT, "a");
	forge_text(&forge, KITH_ITEM_SCRIPT, "bc");
	forge_text(&forge, KITH_ITEM_COMM, "four");
}

START_TEST(takes_a_bare_record)
{
	struct record record;
	char *copy;
	size_t i;

	forge_record(&forge, types[_i].type, 42, types[_i].body);
	ck_assert_int_eq(parse(forge.used, &record, &copy), (int)forge.used);
	ck_assert_ptr_eq(record.body, copy + 32);
	ck_assert_uint_eq(record.head.process, 42);
	ck_assert_uint_eq(record.head.type, types[_i].type);
	ck_assert_uint_eq(record.script_count, 0);
	for (i = 0; i < RECORD_ITEM_KINDS; i++)
		ck_assert_uint_eq(record.items[i].size, 0);
	free(copy);
}
END_TEST

static void check_item(const struct record *record, unsigned int kind, const char *text,
		       size_t size)
{
	ck_assert_uint_eq(record->items[kind].size, size);
	ck_assert_mem_eq(record->items[kind].data, text, size);
}

START_TEST(finds_items)
{
	struct record record;
	char *copy;

	forge_full((unsigned int)_i);
	ck_assert_int_eq(parse(forge.used, &record, &copy), (int)forge.used);
	check_item(&record, KITH_ITEM_EXE, "/bin/true", 9);
	check_item(&record, KITH_ITEM_ARGV, "true\0x\0", 7);
	check_item(&record, KITH_ITEM_COMM, "four", 4);
	check_item(&record, KITH_ITEM_SCRIPT, "bc", 2);
	ck_assert_uint_eq(record.items[KITH_ITEM_CWD].size, 0);
	ck_assert_uint_eq(record.script_count, 2);
	ck_assert_mem_eq(record.scripts[0].data, "a", 1);
	ck_assert_mem_eq(record.scripts[1].data, "bc", 2);
	check_inside(&record, copy, forge.used);
	free(copy);
}
END_TEST

START_TEST(last_item_of_a_kind_counts)
{
	struct record record;

	forge_record(&forge, KITH_RECORD_EXIT, 1, sizeof(struct kith_exit));
	forge_text(&forge, KITH_ITEM_COMM, "first");
	forge_text(&forge, KITH_ITEM_COMM, "second");
	forge_item(&forge, KITH_ITEM_CWD, "", 0);
	ck_assert_int_gt(record_parse(forge.data, forge.used, &record), 0);
	check_item(&record, KITH_ITEM_COMM, "second", 6);
	ck_assert_ptr_nonnull(record.items[KITH_ITEM_CWD].data);
}
END_TEST

START_TEST(keeps_as_many_scripts_as_there_is_room_for)
{
	char name[] = "0";
	struct record record;

	forge_record(&forge, KITH_RECORD_EXIT, 1, sizeof(struct kith_exit));
	for (; *name < '9'; ++*name)
		forge_text(&forge, KITH_ITEM_SCRIPT, name);
	ck_assert_int_gt(record_parse(forge.data, forge.used, &record), 0);
	ck_assert_uint_eq(record.script_count, RECORD_SCRIPTS);
	for (*name = 0; *name < RECORD_SCRIPTS; ++*name)
		ck_assert_int_eq(*record.scripts[(int)*name].data, '0' + *name);
	check_item(&record, KITH_ITEM_SCRIPT, "8", 1);
}
END_TEST

START_TEST(skips_items_it_does_not_know)
{
	struct record record;

	forge_record(&forge, KITH_RECORD_EXIT, 1, sizeof(struct kith_exit));
	forge_text(&forge, RECORD_ITEM_KINDS, "new");
	forge_text(&forge, 0xffff, "newest");
	forge_text(&forge, KITH_ITEM_COMM, "known");
	ck_assert_int_eq(record_parse(forge.data, forge.used, &record), (int)forge.used);
	check_item(&record, KITH_ITEM_COMM, "known", 5);
}
END_TEST

START_TEST(a_kind_of_0_ends_the_items)
{
	struct record record;
	char *items;

	forge_record(&forge, KITH_RECORD_EXIT, 1, sizeof(struct kith_exit));
	forge_text(&forge, KITH_ITEM_CWD, "/");
	forge_text(&forge, KITH_ITEM_COMM, "gone");
	items = forge.data + forge_last(&forge)->items * (size_t)8;
	memset(items, 0, 4);
	ck_assert_int_eq(record_parse(forge.data, forge.used, &record), (int)forge.used);
	ck_assert_uint_eq(record.items[KITH_ITEM_CWD].size, 0);
	ck_assert_uint_eq(record.items[KITH_ITEM_COMM].size, 0);
}
END_TEST

/* A newer module may have put fields behind the body. */
START_TEST(takes_a_longer_body)
{
	struct record record;

	forge_record(&forge, types[_i].type, 1, types[_i].body + 24);
	forge_text(&forge, KITH_ITEM_COMM, "later");
	ck_assert_int_eq(record_parse(forge.data, forge.used, &record), (int)forge.used);
	ck_assert_ptr_eq(record.body, forge.data + 32);
	check_item(&record, KITH_ITEM_COMM, "later", 5);
}
END_TEST

static const unsigned int strange_types[] = { 0, KITH_RECORD_TYPES, 200, 255 };

START_TEST(skips_types_it_does_not_know)
{
	struct record record;

	forge_record(&forge, strange_types[_i], 1, 16);
	forge_text(&forge, KITH_ITEM_COMM, "x");
	ck_assert_int_eq(record_parse(forge.data, forge.used, &record), (int)forge.used);
	ck_assert_ptr_null(record.body);
	ck_assert_uint_eq(record.items[KITH_ITEM_COMM].size, 0);
}
END_TEST

START_TEST(looks_at_the_first_record_alone)
{
	struct record record;
	size_t first;

	forge_full((unsigned int)_i);
	first = forge.used;
	forge_record(&forge, KITH_RECORD_EXIT, 2, sizeof(struct kith_exit));
	ck_assert_int_eq(record_parse(forge.data, forge.used, &record), (int)first);
	ck_assert_int_gt(record_parse(forge.data + first, forge.used - first, &record), 0);
	ck_assert_uint_eq(record.head.process, 2);
}
END_TEST

START_TEST(refuses_a_record_cut_anywhere)
{
	struct record record;
	size_t size;
	char *copy;

	forge_full((unsigned int)_i);
	for (size = 0; size < forge.used; size++) {
		ck_assert_int_eq(parse(size, &record, &copy), -EBADMSG);
		free(copy);
	}
}
END_TEST

/* An EXIT (body 40, items at 72) with an item of 5 bytes (4 + 8): 88 bytes. */
static const struct {
	const char *what;
	size_t size;
	size_t items;
	size_t item;
	int ret;
} forms[] = {
	{ "as it is", 88, 9, 5, 88 },
	{ "size 0", 0, 9, 5, -EBADMSG },
	{ "size of less than a head", 24, 9, 5, -EBADMSG },
	{ "size of the head alone", 32, 9, 5, -EBADMSG },
	{ "size not a multiple of 8", 84, 9, 5, -EBADMSG },
	{ "size one unit too much", 96, 9, 5, -EBADMSG },
	{ "largest size", 0xffff, 9, 5, -EBADMSG },
	{ "largest even size", 0xfff8, 9, 5, -EBADMSG },
	{ "item cut by a smaller size", 80, 9, 5, -EBADMSG },
	{ "no items by a smaller size", 72, 9, 5, 72 },
	{ "items in the head", 88, 0, 5, -EBADMSG },
	{ "items at the end of the head", 88, 4, 5, -EBADMSG },
	{ "items inside the body", 88, 8, 5, -EBADMSG },
	{ "items at the end of the record", 88, 11, 5, 88 },
	{ "items behind the record", 88, 12, 5, -EBADMSG },
	{ "items far behind the record", 88, 255, 5, -EBADMSG },
	{ "item as long as there is room", 88, 9, 12, 88 },
	{ "item longer by one", 88, 9, 13, -EBADMSG },
	{ "item without bytes, then nonsense", 88, 9, 0, -EBADMSG },
	{ "longest item", 88, 9, 0xffff, -EBADMSG },
	{ "longest item of whole words", 88, 9, 0xfffc, -EBADMSG },
};

static void forge_form(size_t size, size_t items, size_t item)
{
	struct kith_record *record;

	forge_clear(&forge);
	forge_record(&forge, KITH_RECORD_EXIT, 1, offsetof(struct kith_exit, plain_reads));
	forge_text(&forge, KITH_ITEM_COMM, "fiver");
	ck_assert_uint_eq(forge.used, 88);
	record = forge_last(&forge);
	((struct kith_item *)(forge.data + 72))->size = (uint16_t)item;
	record->size = (uint16_t)size;
	record->items = (uint8_t)items;
}

START_TEST(judges_lengths)
{
	struct record record;
	char *copy;
	int ret;

	forge_form(forms[_i].size, forms[_i].items, forms[_i].item);
	ret = parse(88, &record, &copy);
	ck_assert_msg(ret == forms[_i].ret, "%s: %d instead of %d", forms[_i].what, ret,
		      forms[_i].ret);
	if (ret > 0)
		check_inside(&record, copy, (size_t)ret);
	free(copy);
}
END_TEST

/* Parse @copy, which somebody has spoilt: it is refused, or all of it lies inside. */
static void check_spoilt(const char *copy, size_t size)
{
	struct record record;
	int ret = record_parse(copy, size, &record);

	if (ret <= 0) {
		ck_assert_int_eq(ret, -EBADMSG);
		return;
	}
	ck_assert_int_le(ret, (int)size);
	ck_assert_int_eq(ret % 8, 0);
	check_inside(&record, copy, (size_t)ret);
}

static const struct {
	size_t at;
	size_t size;
} lengths[] = {
	{ offsetof(struct kith_record, size), 2 },
	{ offsetof(struct kith_record, items), 1 },
	{ 72 + offsetof(struct kith_item, size), 2 },
	{ 72 + offsetof(struct kith_item, kind), 2 },
};

START_TEST(no_length_leads_outside)
{
	unsigned int value, most = lengths[_i].size == 1 ? 0xff : 0xffff;
	char *copy;

	forge_form(88, 9, 5);
	copy = unit_exact(forge.data, 88);
	for (value = 0; value <= most; value++) {
		memcpy(copy + lengths[_i].at, &value, lengths[_i].size);
		check_spoilt(copy, 88);
	}
	free(copy);
}
END_TEST

START_TEST(no_byte_leads_outside)
{
	static const int values[] = { 0, 1, 2, 4, 8, 16, 32, 64, 127, 128, 254, 255 };
	size_t at, i, size;
	char *copy;

	forge_full((unsigned int)_i);
	size = forge.used;
	copy = unit_exact(forge.data, size);
	for (at = 0; at < size; at++) {
		for (i = 0; i < UNIT_COUNT(values); i++) {
			copy[at] = (char)values[i];
			check_spoilt(copy, size);
		}
		copy[at] = forge.data[at];
	}
	free(copy);
}
END_TEST

START_TEST(knows_the_class_of_each_type)
{
	ck_assert_uint_eq(record_class(types[_i].type), types[_i].class_);
}
END_TEST

START_TEST(other_types_have_no_class)
{
	ck_assert_uint_eq(record_class(strange_types[_i]), KITH_CLASSES);
}
END_TEST

/* @name gives a text of its own for each from @first to before @end, else NULL. */
static void check_names(const char *(*name)(unsigned int), unsigned int first,
			unsigned int end)
{
	unsigned int i, j;

	for (i = first; i < end; i++) {
		ck_assert_ptr_nonnull(name(i));
		for (j = first; j < i; j++)
			ck_assert_str_ne(name(i), name(j));
	}
	ck_assert_ptr_null(name(end));
	ck_assert_ptr_null(name(0xffffffff));
	if (first)
		ck_assert_ptr_null(name(0));
}

START_TEST(names_everything)
{
	check_names(record_class_name, 0, KITH_CLASSES);
	check_names(record_cause_name, 0, KITH_LOSS_CAUSES);
	check_names(record_sensor_event_name, KITH_SENSOR_LOADED, KITH_SENSOR_RECOVERED + 1);
}
END_TEST

START_TEST(every_type_is_tested)
{
	ck_assert_uint_eq(types[_i].type, (unsigned int)_i + 1);
	ck_assert_uint_eq(UNIT_COUNT(types), KITH_RECORD_TYPES - 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("record");

	unit_add_rows(suite, every_type_is_tested, UNIT_COUNT(types));
	unit_add_rows(suite, takes_a_bare_record, UNIT_COUNT(types));
	unit_add_rows(suite, finds_items, UNIT_COUNT(types));
	unit_add(suite, last_item_of_a_kind_counts);
	unit_add(suite, keeps_as_many_scripts_as_there_is_room_for);
	unit_add(suite, skips_items_it_does_not_know);
	unit_add(suite, a_kind_of_0_ends_the_items);
	unit_add_rows(suite, takes_a_longer_body, UNIT_COUNT(types));
	unit_add_rows(suite, skips_types_it_does_not_know, UNIT_COUNT(strange_types));
	unit_add_rows(suite, looks_at_the_first_record_alone, UNIT_COUNT(types));
	unit_add_rows(suite, refuses_a_record_cut_anywhere, UNIT_COUNT(types));
	unit_add_rows(suite, judges_lengths, UNIT_COUNT(forms));
	unit_add_rows(suite, no_length_leads_outside, UNIT_COUNT(lengths));
	unit_add_rows(suite, no_byte_leads_outside, UNIT_COUNT(types));
	unit_add_rows(suite, knows_the_class_of_each_type, UNIT_COUNT(types));
	unit_add_rows(suite, other_types_have_no_class, UNIT_COUNT(strange_types));
	unit_add(suite, names_everything);
	return unit_run(suite);
}
