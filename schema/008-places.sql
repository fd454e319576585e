-- SPDX-License-Identifier: GPL-2.0-only
-- Where the rows about a thing are: made of each segment as it is sealed, when each row is read
-- anyway, and of nothing else, so it is not sealed itself. A part is 1024 ids in a row. What
-- is not in here is looked through: what came since, and what might still change
-- (late_rows). Views of it, for questions to begin with, are in views-places.sql; the kinds
-- are in collector/place_kind.c, docs/decisions.md 27 says why this is no index.

-- Ids of processes, paths and routes grow with time, and so do those of rows that use them:
-- ids up to high, and beyond the one of the zone before, were used first in this part. That
-- and the next one have rows of such an id; what uses it later, and that alone, is in places.
CREATE TABLE zones (
  kind    INTEGER NOT NULL,
  high    INTEGER NOT NULL,
  part    INTEGER NOT NULL,       -- id >> 10
  segment INTEGER NOT NULL,       -- that it was made of
  PRIMARY KEY (kind, high)
) WITHOUT ROWID;

CREATE TABLE places (
  kind  INTEGER NOT NULL,
  key   INTEGER NOT NULL,         -- what is looked for; 0 where the kind says it all
  epoch INTEGER NOT NULL,         -- id >> 16
  mask  INTEGER NOT NULL,         -- bit id >> 10 & 63: there are rows in this part of it
  PRIMARY KEY (kind, key, epoch)
) WITHOUT ROWID;

-- What goes with a key: by what names files went, where they were only read, or changed.
CREATE TABLE pairs (
  kind  INTEGER NOT NULL,
  epoch INTEGER NOT NULL,         -- other >> 20; 0 where its numbers tell no time
  key   INTEGER NOT NULL,
  other INTEGER NOT NULL,
  PRIMARY KEY (kind, epoch, key, other)
) WITHOUT ROWID;

-- The last segment that they are made of, and the last id of each table up to there.
INSERT INTO meta VALUES ('placed', 0);

CREATE TABLE placed (
  name TEXT PRIMARY KEY,
  last INTEGER NOT NULL
) WITHOUT ROWID;

INSERT INTO placed SELECT column1, 0 FROM (VALUES
  ('boots'), ('loads'), ('containers'), ('strings'), ('paths'), ('executables'),
  ('namespaces'), ('contexts'), ('credential_sets'), ('routes'), ('processes'),
  ('executions'), ('credentials'), ('cgroup_moves'), ('connections'), ('connection_runs'),
  ('listeners'), ('pipes'), ('accesses'), ('changes'), ('controls'), ('sensor_events'),
  ('losses'));

-- Paths of before table paths stand among strings: they are in places.
INSERT INTO zones SELECT column1, value, -2, 0 FROM (VALUES (2), (6), (7))
CROSS JOIN meta WHERE name = 'paths_from' AND value > 0;

INSERT INTO ordinals
WITH RECURSIVE counted(n) AS (SELECT 36 UNION ALL SELECT n + 1 FROM counted WHERE n < 63)
SELECT n FROM counted;

-- Children are asked for one by one, so this one is kept with each row.
CREATE INDEX processes_parent ON processes (parent);
