/* SPDX-License-Identifier: GPL-2.0-only */
/* schema/ as it was when this was built; schema.c is made by scripts/embed-schema. */
#ifndef KITH_SCHEMA_H
#define KITH_SCHEMA_H

/* "Kith": marks the file, see PRAGMA application_id and file(1). */
#define SCHEMA_APPLICATION_ID 0x4b697468

struct schema_migration {
	int version; /* that the database has after it; user_version */
	const char *sql;
};

extern const struct schema_migration schema_migrations[]; /* ends with version 0 */
extern const char schema_views[];

#endif
