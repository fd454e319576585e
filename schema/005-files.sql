-- SPDX-License-Identifier: GPL-2.0-only
-- Files: what processes did with them, and what was done to them.

-- A file is the same in all of its names, mounts and mount namespaces. On file systems
-- without a device of their own (tmpfs, btrfs, NFS) only within a boot.
CREATE TABLE files (
  id          INTEGER PRIMARY KEY, -- of what tells it from others, in the order of inodes, so
                                   -- that files made together are together; the rest is a
                                   -- hash with the random number of the first load: whoever
                                   -- makes file systems of his own can choose what tells
                                   -- their files apart
  device      INTEGER,             -- as stat(2) shows them, major << 20 | minor
  inode       INTEGER,
  real_device INTEGER,             -- NULL: the same; of the file that holds the data
  real_inode  INTEGER,
  generation  INTEGER,             -- of the latter
  kind        INTEGER,             -- enum kith_file_kind
  mode        INTEGER,             -- when it was first used
  owner       INTEGER
);

CREATE TABLE file_kinds (
  id   INTEGER PRIMARY KEY,        -- enum kith_file_kind
  name TEXT NOT NULL
);

INSERT INTO file_kinds VALUES
  (1, 'regular'), (2, 'block'), (3, 'directory'), (4, 'other'), (5, 'pseudo'),
  (6, 'memfd'), (7, 'shm'), (8, 'message-queue'), (9, 'sysv-queue');

-- What one process did with one file. Told again while it goes on, then the row is brought
-- up to date. No NOT NULL, as in connections.
CREATE TABLE accesses (
  process       INTEGER,
  file          INTEGER,           -- of folded reads the first of them
  path          INTEGER,           -- strings; NULL: not known
  first         INTEGER,
  lasted        INTEGER,           -- ns
  reads         INTEGER,           -- NULL: none
  bytes_read    INTEGER,
  writes        INTEGER,           -- NULL: it cannot have written, or emptied it
  bytes_written INTEGER,           -- of folded reads: files
  writer        INTEGER,           -- another process that had written it last
  flags         INTEGER,           -- KITH_ACCESS_*, 1 << 15: folded reads of several files
                                   -- | (mount namespace - 0xefffff00) << 16
  id            INTEGER PRIMARY KEY -- last: then SQLite has no columns to copy
);

-- Those that go on, for a restart. Most are over when they are told of, and so pay
-- neither for the columns nor for an index.
CREATE TABLE accesses_open (
  access INTEGER PRIMARY KEY,
  load   INTEGER NOT NULL,
  number INTEGER NOT NULL          -- the module's
);

-- Who wrote it, for who reads it. Most rows are of files that were only read.
CREATE INDEX accesses_written ON accesses (file, first) WHERE writes IS NOT NULL;

CREATE TABLE changes (
  ts       INTEGER,
  lasted   INTEGER,
  count    INTEGER,                -- of such changes, all alike
  process  INTEGER,
  op       INTEGER,                -- enum kith_change_op
  error    INTEGER,                -- NULL: it succeeded
  path     INTEGER,                -- strings
  new_path INTEGER,
  text     INTEGER,                -- strings: what a symbolic link says, name of an attribute
  file     INTEGER,
  other    INTEGER,                -- the file that had the new name
  value    INTEGER,                -- before
  to_value INTEGER,                -- after
  flags    INTEGER,                -- KITH_CHANGE_*, the rest as in accesses
  id       INTEGER PRIMARY KEY
);

ALTER TABLE controls ADD COLUMN last INTEGER;
ALTER TABLE controls ADD COLUMN count INTEGER;
ALTER TABLE controls ADD COLUMN value INTEGER;
ALTER TABLE controls ADD COLUMN flags INTEGER;
ALTER TABLE controls ADD COLUMN new_path INTEGER;
ALTER TABLE controls ADD COLUMN detail INTEGER;
