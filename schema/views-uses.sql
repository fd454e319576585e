-- SPDX-License-Identifier: GPL-2.0-only
-- Which rows are about a thing that is used at any time: a file, a name, an address. Table uses
-- has them in parts of 16,384 ids, and each part is looked into; what it does not have yet is
-- looked through.

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

-- Rows that table uses does not have yet, before indexed.last: they might have changed still.
CREATE VIEW late_use AS
SELECT name, id FROM late_rows WHERE segment IS NULL
UNION ALL
SELECT name, id FROM late_rows WHERE segment > (SELECT value FROM meta WHERE name = 'indexed');

CREATE VIEW file_use AS
WITH RECURSIVE part(n) AS (
  SELECT min(id) >> 14 FROM accesses
  UNION ALL
  SELECT n + 1 FROM part WHERE n < (SELECT max(id) >> 14 FROM accesses)
)
SELECT u.key AS file_id, u.id AS access_id
FROM part
CROSS JOIN uses u ON u.kind = 3 AND u.part = part.n
UNION ALL
SELECT t.file, t.id
FROM accesses t
WHERE t.id > (SELECT last FROM indexed WHERE kind = 3) AND t.writes IS NULL AND t.file IS NOT NULL
UNION ALL
SELECT t.file, t.id
FROM accesses t
WHERE t.id IN (SELECT id FROM late_use WHERE name = 'accesses')
  AND t.id <= (SELECT last FROM indexed WHERE kind = 3) AND t.writes IS NULL AND t.file IS NOT NULL
UNION ALL
SELECT file, id FROM accesses WHERE writes IS NOT NULL;

-- Also those that put another file in its place.
CREATE VIEW file_changed AS
WITH RECURSIVE part(n) AS (
  SELECT min(id) >> 14 FROM changes
  UNION ALL
  SELECT n + 1 FROM part WHERE n < (SELECT max(id) >> 14 FROM changes)
)
SELECT u.key AS file_id, u.id AS change_id
FROM part
CROSS JOIN uses u ON u.kind = 4 AND u.part = part.n
UNION ALL
SELECT t.file, t.id
FROM changes t
WHERE t.id > (SELECT last FROM indexed WHERE kind = 4)
UNION ALL
SELECT t.file, t.id
FROM changes t
WHERE t.id IN (SELECT id FROM late_use WHERE name = 'changes')
  AND t.id <= (SELECT last FROM indexed WHERE kind = 4)
UNION ALL
SELECT u.key, u.id
FROM part
CROSS JOIN uses u ON u.kind = 5 AND u.part = part.n
UNION ALL
SELECT t.other, t.id
FROM changes t
WHERE t.id > (SELECT last FROM indexed WHERE kind = 5) AND t.other IS NOT NULL
UNION ALL
SELECT t.other, t.id
FROM changes t
WHERE t.id IN (SELECT id FROM late_use WHERE name = 'changes')
  AND t.id <= (SELECT last FROM indexed WHERE kind = 5) AND t.other IS NOT NULL;

-- Files that had a name then, by its number: by what was done with them; and to them.
CREATE VIEW path_use AS
WITH RECURSIVE part(n) AS (
  SELECT min(id) >> 14 FROM accesses
  UNION ALL
  SELECT n + 1 FROM part WHERE n < (SELECT max(id) >> 14 FROM accesses)
)
SELECT u.key AS path_id, t.file AS file_id, u.id AS access_id
FROM part
CROSS JOIN uses u ON u.kind = 2 AND u.part = part.n
CROSS JOIN accesses t ON t.id = u.id
UNION ALL
SELECT t.path, t.file, t.id
FROM accesses t
WHERE t.id > (SELECT last FROM indexed WHERE kind = 2)
UNION ALL
SELECT t.path, t.file, t.id
FROM accesses t
WHERE t.id IN (SELECT id FROM late_use WHERE name = 'accesses')
  AND t.id <= (SELECT last FROM indexed WHERE kind = 2);

CREATE VIEW path_changed AS
WITH RECURSIVE part(n) AS (
  SELECT min(id) >> 14 FROM changes
  UNION ALL
  SELECT n + 1 FROM part WHERE n < (SELECT max(id) >> 14 FROM changes)
)
SELECT u.key AS path_id, t.file AS file_id, u.id AS change_id
FROM part
CROSS JOIN uses u ON u.kind = 6 AND u.part = part.n
CROSS JOIN changes t ON t.id = u.id
UNION ALL
SELECT t.path, t.file, t.id
FROM changes t
WHERE t.id > (SELECT last FROM indexed WHERE kind = 6)
UNION ALL
SELECT t.path, t.file, t.id
FROM changes t
WHERE t.id IN (SELECT id FROM late_use WHERE name = 'changes')
  AND t.id <= (SELECT last FROM indexed WHERE kind = 6)
UNION ALL
SELECT u.key, t.file, u.id
FROM part
CROSS JOIN uses u ON u.kind = 7 AND u.part = part.n
CROSS JOIN changes t ON t.id = u.id
UNION ALL
SELECT t.new_path, t.file, t.id
FROM changes t
WHERE t.id > (SELECT last FROM indexed WHERE kind = 7)
UNION ALL
SELECT t.new_path, t.file, t.id
FROM changes t
WHERE t.id IN (SELECT id FROM late_use WHERE name = 'changes')
  AND t.id <= (SELECT last FROM indexed WHERE kind = 7);

-- A conversation, or a run of them; the last parts first.
CREATE VIEW route_use AS
WITH RECURSIVE part(n) AS (
  SELECT max(id) >> 14 FROM connections
  UNION ALL
  SELECT n - 1 FROM part WHERE n > (SELECT min(id) >> 14 FROM connections)
)
SELECT t.route AS route_id, t.id AS connection_id, CAST(NULL AS INTEGER) AS run_id
FROM connections t
WHERE t.id > (SELECT last FROM indexed WHERE kind = 1)
UNION ALL
SELECT t.route, t.id, CAST(NULL AS INTEGER)
FROM connections t
WHERE t.id IN (SELECT id FROM late_use WHERE name = 'connections')
  AND t.id <= (SELECT last FROM indexed WHERE kind = 1)
UNION ALL
SELECT u.key, u.id, CAST(NULL AS INTEGER)
FROM part
CROSS JOIN uses u ON u.kind = 1 AND u.part = part.n
UNION ALL
SELECT route, CAST(NULL AS INTEGER), id FROM connection_runs;

-- What a process did, by its number: with files, to files, and in conversations.
CREATE VIEW access_by AS
SELECT key AS process_id, id AS access_id
FROM uses
WHERE kind = 8 AND part = 0
UNION ALL
SELECT t.process, t.id
FROM accesses t
WHERE t.id > (SELECT last FROM indexed WHERE kind = 8)
UNION ALL
SELECT t.process, t.id
FROM accesses t
WHERE t.id IN (SELECT id FROM late_use WHERE name = 'accesses')
  AND t.id <= (SELECT last FROM indexed WHERE kind = 8);

CREATE VIEW change_by AS
SELECT key AS process_id, id AS change_id
FROM uses
WHERE kind = 9 AND part = 0
UNION ALL
SELECT t.process, t.id
FROM changes t
WHERE t.id > (SELECT last FROM indexed WHERE kind = 9)
UNION ALL
SELECT t.process, t.id
FROM changes t
WHERE t.id IN (SELECT id FROM late_use WHERE name = 'changes')
  AND t.id <= (SELECT last FROM indexed WHERE kind = 9);

CREATE VIEW client_use AS
SELECT key AS client_id, id AS connection_id
FROM uses
WHERE kind = 10 AND part = 0
UNION ALL
SELECT t.client, t.id
FROM connections t
WHERE t.id > (SELECT last FROM indexed WHERE kind = 10)
UNION ALL
SELECT t.client, t.id
FROM connections t
WHERE t.id IN (SELECT id FROM late_use WHERE name = 'connections')
  AND t.id <= (SELECT last FROM indexed WHERE kind = 10);

CREATE VIEW server_use AS
SELECT key AS server_id, id AS connection_id
FROM uses
WHERE kind = 11 AND part = 0
UNION ALL
SELECT t.server, t.id
FROM connections t
WHERE t.id > (SELECT last FROM indexed WHERE kind = 11)
UNION ALL
SELECT t.server, t.id
FROM connections t
WHERE t.id IN (SELECT id FROM late_use WHERE name = 'connections')
  AND t.id <= (SELECT last FROM indexed WHERE kind = 11);

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
