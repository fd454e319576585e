-- SPDX-License-Identifier: GPL-2.0-only
-- What is found out afterwards, and stays when its owner is gone: names of users, groups
-- and containers, hashes of what was executed. Rows of what happened are not changed.

-- What a user or group was called, from a time on.
CREATE TABLE principals (
  kind   INTEGER NOT NULL,        -- 1 user, 2 group
  number INTEGER NOT NULL,
  first  INTEGER NOT NULL,
  name   TEXT NOT NULL,           -- '': nothing any more
  PRIMARY KEY (kind, number, first)
) WITHOUT ROWID;

-- What its runtime called a container, from a time on.
CREATE TABLE container_names (
  container INTEGER NOT NULL,
  first     INTEGER NOT NULL,
  name      TEXT,
  image     TEXT,
  pod       TEXT,
  PRIMARY KEY (container, first)
) WITHOUT ROWID;

-- A file as it was at one time, or why nothing can be said of it.
CREATE TABLE hashes (
  id      INTEGER PRIMARY KEY,
  device  INTEGER,                -- major << 20 | minor, as stat(2) shows it
  inode   INTEGER,
  changed INTEGER,                -- ctime, ns since the epoch
  size    INTEGER,
  sha256  TEXT,
  package TEXT,                   -- name and version; '': none owns it; NULL: not known
  why     TEXT                    -- there is no hash; or what is to be known of it
);

CREATE INDEX hashes_file ON hashes (inode, why, package);

-- What an execution, or a process that was found running, has run.
CREATE TABLE executable_hashes (
  execution INTEGER PRIMARY KEY,
  hash      INTEGER NOT NULL
);
