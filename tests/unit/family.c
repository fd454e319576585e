// SPDX-License-Identifier: GPL-2.0-only
/* Who descends from whom, in whatever order the database has met them. */
#include "family.h"

#include "query.h"
#include "rig.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "child<parent child<parent": rows of processes; all of them exist. */
static const struct {
	const char *rows;
	const char *roots;
	const char *want;
} families[] = {
	{ "1<0 2<1 3<2 4<1", "1", "1 2 3 4" },
	{ "1<0 2<1 3<2 4<1", "2", "2 3" },
	{ "1<0 2<1 3<2 4<1", "3", "3" },
	{ "1<0 2<1 3<2 4<1", "3 4", "3 4" },
	/* children before their parents */
	{ "1<2 2<0", "2", "1 2" },
	{ "1<2 2<3 3<4 4<0", "4", "1 2 3 4" },
	{ "1<5 2<0 3<2 4<1 5<2", "2", "1 2 3 4 5" },
	{ "1<5 2<0 3<2 4<1 5<2", "5", "1 4 5" },
	{ "1<9 3<1 4<8 5<4 8<3 9<0", "9", "1 3 4 5 8 9" },
	/* nobody's */
	{ "1<0 2<0", "2", "2" },
	{ "1<7 2<1", "1", "1 2" },
	/* what cannot be does no harm */
	{ "1<2 2<1 3<3", "1", "1 2" },
	{ "1<0", "99", "" },
};

static void make_rows(const char *rows)
{
	char *text = strdup(rows), *save = NULL, *word;
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(unit_path("kith.db"), &db), SQLITE_OK);
	for (word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		char *parent, sql[200];
		long id = strtol(word, &parent, 10);

		snprintf(sql, sizeof(sql),
			 "INSERT INTO processes (id, boot, key, parent, started, flags)"
			 " VALUES (%ld, 1, %ld, nullif(%s, 0), 0, 0)",
			 id, id, parent + 1);
		ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	}
	sqlite3_close(db);
	free(text);
}

static size_t read_roots(const char *text, int64_t *roots)
{
	size_t count = 0;
	char *end;

	for (; *text; text = end)
		roots[count++] = strtoll(text, &end, 10);
	return count;
}

START_TEST(finds_all)
{
	struct family family;
	struct store *store;
	int64_t roots[8];
	char have[200] = "";
	sqlite3 *db;
	size_t i, count = read_roots(families[_i].roots, roots);

	ck_assert_int_eq(store_open(&store, unit_path("kith.db")), 0);
	store_close(store);
	make_rows(families[_i].rows);
	ck_assert_int_eq(query_open(&db, unit_path("kith.db")), 0);
	ck_assert_int_eq(family_of(db, roots, count, &family), 0);
	for (i = 0; i < family.count; i++)
		snprintf(have + strlen(have), sizeof(have) - strlen(have), "%s%d", i ? " " : "",
			 (int)family.ids[i]);
	ck_assert_str_eq(have, families[_i].want);
	family_clear(&family);
	sqlite3_close(db);
}
END_TEST

/* As it comes about: an execution whose birth was lost, and its parent after it. */
START_TEST(after_a_lost_birth)
{
	const uint64_t child = forge_key(RIG_AT(60), 501), parent = forge_key(RIG_AT(50), 500);
	struct family family;
	struct rig rig;
	int64_t root = 2;
	sqlite3 *db;

	rig_open(&rig);
	FORGE_EXEC(&rig.forge, child, parent, "/bin/child", "child");
	rig_feed(&rig);
	forge_process(&rig.forge, child, parent, "/bin/child");
	forge_process(&rig.forge, parent, 0, "/bin/parent");
	rig_dumped(&rig);
	rig_check("SELECT process_id, parent_id, exe FROM process ORDER BY process_id",
		  "1|2|/bin/child\n2|-|/bin/parent");
	ck_assert_int_eq(query_open(&db, unit_path("kith.db")), 0);
	ck_assert_int_eq(family_of(db, &root, 1, &family), 0);
	ck_assert_uint_eq(family.count, 2);
	family_clear(&family);
	sqlite3_close(db);
	rig_close(&rig);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("family");

	unit_add_rows(suite, finds_all, UNIT_COUNT(families));
	unit_add(suite, after_a_lost_birth);
	return unit_run(suite);
}
