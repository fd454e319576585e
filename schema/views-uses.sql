-- SPDX-License-Identifier: GPL-2.0-only
-- Which rows are about a thing that is used at any time: a file, a name, an address. The
-- indices behind these are in parts of 16,384 ids, and each part is looked into.

-- What files are called, by number. Those of before paths had a table of their own stand
-- among strings. The casts keep SQLite from putting a path that is asked for into ending.
CREATE VIEW path AS
WITH RECURSIVE part(n) AS (
  SELECT min(id) >> 14 FROM paths
  UNION ALL
  SELECT n + 1 FROM part WHERE n < (SELECT max(id) >> 14 FROM paths)
)
SELECT p.id AS path_id, CAST(p.value AS TEXT) AS path, substr(p.value, -8) AS ending
FROM part
CROSS JOIN paths p ON p.id >> 14 = part.n
UNION ALL
SELECT id, CAST(value AS TEXT), substr(value, -8) FROM strings
WHERE id <= (SELECT value FROM meta WHERE name = 'paths_from');

CREATE VIEW file_use AS
WITH RECURSIVE part(n) AS (
  SELECT min(id) >> 14 FROM accesses
  UNION ALL
  SELECT n + 1 FROM part WHERE n < (SELECT max(id) >> 14 FROM accesses)
)
SELECT a.file AS file_id, a.id AS access_id
FROM part
CROSS JOIN accesses a ON a.id >> 14 = part.n
WHERE a.writes IS NULL
UNION ALL
SELECT file, id FROM accesses WHERE writes IS NOT NULL;

-- Also those that put another file in its place.
CREATE VIEW file_changed AS
WITH RECURSIVE part(n) AS (
  SELECT min(id) >> 14 FROM changes
  UNION ALL
  SELECT n + 1 FROM part WHERE n < (SELECT max(id) >> 14 FROM changes)
)
SELECT c.file AS file_id, c.id AS change_id
FROM part
CROSS JOIN changes c ON c.id >> 14 = part.n
UNION ALL
SELECT c.other, c.id
FROM part
CROSS JOIN changes c ON c.id >> 14 = part.n
WHERE c.other IS NOT NULL;

-- Files that had a name then, by its number: by what was done with them; and to them.
CREATE VIEW path_use AS
WITH RECURSIVE part(n) AS (
  SELECT min(id) >> 14 FROM accesses
  UNION ALL
  SELECT n + 1 FROM part WHERE n < (SELECT max(id) >> 14 FROM accesses)
)
SELECT a.path AS path_id, a.file AS file_id, a.id AS access_id
FROM part
CROSS JOIN accesses a ON a.id >> 14 = part.n;

CREATE VIEW path_changed AS
WITH RECURSIVE part(n) AS (
  SELECT min(id) >> 14 FROM changes
  UNION ALL
  SELECT n + 1 FROM part WHERE n < (SELECT max(id) >> 14 FROM changes)
)
SELECT c.path AS path_id, c.file AS file_id, c.id AS change_id
FROM part
CROSS JOIN changes c ON c.id >> 14 = part.n
UNION ALL
SELECT c.new_path, c.file, c.id
FROM part
CROSS JOIN changes c ON c.id >> 14 = part.n;

-- A conversation, or a run of them; the last parts first.
CREATE VIEW route_use AS
WITH RECURSIVE part(n) AS (
  SELECT max(id) >> 14 FROM connections
  UNION ALL
  SELECT n - 1 FROM part WHERE n > (SELECT min(id) >> 14 FROM connections)
)
SELECT c.route AS route_id, c.id AS connection_id, CAST(NULL AS INTEGER) AS run_id
FROM part
CROSS JOIN connections c ON c.id >> 14 = part.n
UNION ALL
SELECT route, CAST(NULL AS INTEGER), id FROM connection_runs;

-- Which files were executed, as what; and which scripts.
CREATE VIEW program AS
WITH RECURSIVE ran(executable, file) AS (
  SELECT id, (SELECT min(file) FROM executions e WHERE e.executable = x.id)
  FROM executables x
  UNION ALL
  SELECT ran.executable, (SELECT min(file) FROM executions e
    WHERE e.executable = ran.executable AND e.file > ran.file)
  FROM ran
  WHERE ran.file IS NOT NULL
)
SELECT executable AS executable_id, file AS file_id,
  (SELECT nullif(path, '') FROM executables WHERE id = executable) AS exe
FROM ran
WHERE file IS NOT NULL;

CREATE VIEW script AS
WITH RECURSIVE ran(script) AS (
  SELECT min(script) FROM executions WHERE script IS NOT NULL
  UNION ALL
  SELECT (SELECT min(script) FROM executions e WHERE e.script > ran.script) FROM ran
  WHERE ran.script IS NOT NULL
)
SELECT script AS script_id, (SELECT value FROM strings WHERE id = script) AS script
FROM ran
WHERE script IS NOT NULL;
