-- SPDX-License-Identifier: GPL-2.0-only
-- Where rows about a thing are: what ready queries begin with.

-- The parts, 1024 ids in a row, in which rows are that have a key; collector/place_kind.c has
-- the kinds. Ask with kind = and key IN, narrow it down by epoch, id >> 16, and look
-- through these parts and those of view fresh.
CREATE VIEW place AS
SELECT u.kind, u.key, CAST((u.epoch << 6) + b.n AS INTEGER) AS part, u.epoch
FROM places u
CROSS JOIN ordinals b ON u.mask >> b.n & 1
UNION ALL
-- where it was new
SELECT x.n, k.id, CAST(z.part + o.n AS INTEGER), CAST(z.part + o.n >> 6 AS INTEGER)
FROM ordinals x
CROSS JOIN processes k
CROSS JOIN zones z ON z.kind = x.n AND z.high =
  (SELECT high FROM zones WHERE kind = x.n AND high >= k.id ORDER BY high LIMIT 1)
CROSS JOIN ordinals o ON o.n < 2
WHERE x.n IN (8, 9, 10, 11, 15, 17, 19, 20)
UNION ALL
SELECT x.n, k.id, CAST(z.part + o.n AS INTEGER), CAST(z.part + o.n >> 6 AS INTEGER)
FROM ordinals x
CROSS JOIN paths k
CROSS JOIN zones z ON z.kind = x.n AND z.high =
  (SELECT high FROM zones WHERE kind = x.n AND high >= k.id ORDER BY high LIMIT 1)
CROSS JOIN ordinals o ON o.n < 2
WHERE x.n IN (2, 6, 7, 35)
UNION ALL
SELECT x.n, k.id, CAST(z.part + o.n AS INTEGER), CAST(z.part + o.n >> 6 AS INTEGER)
FROM ordinals x
CROSS JOIN routes k
CROSS JOIN zones z ON z.kind = x.n AND z.high =
  (SELECT high FROM zones WHERE kind = x.n AND high >= k.id ORDER BY high LIMIT 1)
CROSS JOIN ordinals o ON o.n < 2
WHERE x.n IN (1, 21)
UNION ALL
-- what may still change
SELECT x.n, CAST(CASE x.n WHEN 2 THEN t.path WHEN 35 THEN t.path WHEN 8 THEN t.process ELSE t.file END AS INTEGER),
  CAST(t.id >> 10 AS INTEGER), CAST(t.id >> 16 AS INTEGER)
FROM ordinals x
CROSS JOIN late_rows l
CROSS JOIN accesses t ON t.id = l.id
WHERE x.n IN (2, 8, 12, 35) AND l.name = 'accesses' AND l.segment IS NULL
UNION ALL
SELECT x.n, CAST(CASE x.n WHEN 10 THEN t.client WHEN 11 THEN t.server WHEN 26 THEN 0
    ELSE t.route END AS INTEGER),
  CAST(t.id >> 10 AS INTEGER), CAST(t.id >> 16 AS INTEGER)
FROM ordinals x
CROSS JOIN late_rows l
CROSS JOIN connections t ON t.id = l.id
WHERE x.n IN (1, 10, 11, 26, 27) AND l.name = 'connections' AND l.segment IS NULL
UNION ALL
SELECT x.n, CAST(CASE x.n WHEN 18 THEN t.context ELSE 0 END AS INTEGER), CAST(t.id >> 10 AS INTEGER),
  CAST(t.id >> 16 AS INTEGER)
FROM ordinals x
CROSS JOIN late_rows l
CROSS JOIN processes t ON t.id = l.id
WHERE x.n IN (18, 25) AND l.name = 'processes' AND l.segment IS NULL;

-- The parts that are looked through for whatever key: what came since, up to the last id.
CREATE VIEW fresh AS
WITH RECURSIVE part(name, n, last) AS (
  SELECT name, last >> 10, CASE name
    WHEN 'accesses' THEN (SELECT max(id) FROM accesses)
    WHEN 'changes' THEN (SELECT max(id) FROM changes)
    WHEN 'connections' THEN (SELECT max(id) FROM connections)
    WHEN 'connection_runs' THEN (SELECT max(id) FROM connection_runs)
    WHEN 'credentials' THEN (SELECT max(id) FROM credentials)
    WHEN 'executions' THEN (SELECT max(id) FROM executions)
    WHEN 'paths' THEN (SELECT max(id) FROM paths)
    WHEN 'processes' THEN (SELECT max(id) FROM processes) END >> 10
  FROM placed
  UNION ALL
  SELECT name, n + 1, last FROM part WHERE n < last
)
SELECT name, n AS part FROM part;

-- What goes with a key; ask with kind = and key IN. Kinds 3 and 4 are names beside files.path.
CREATE VIEW pair AS
WITH RECURSIVE epoch(n) AS (
  SELECT 0
  UNION ALL
  SELECT n + 1 FROM epoch WHERE n <
    max((SELECT max(id) FROM paths), (SELECT max(id) FROM processes)) >> 20
)
SELECT r.kind, r.key, r.other, r.first
FROM epoch
CROSS JOIN pairs r ON r.epoch = epoch.n;

-- Which files were executed, as what; and which scripts.
CREATE VIEW program AS
SELECT ran.executable AS executable_id, ran.file AS file_id,
  (SELECT nullif(path, '') FROM executables WHERE id = ran.executable) AS exe
FROM (
  SELECT key AS executable, other AS file FROM pairs WHERE kind = 32 AND epoch = 0
  UNION
  SELECT executable, file FROM executions
  WHERE id > (SELECT last FROM placed WHERE name = 'executions')
    AND executable IS NOT NULL AND file IS NOT NULL
) ran;

CREATE VIEW script AS
SELECT ran.script AS script_id, (SELECT value FROM strings WHERE id = ran.script) AS script
FROM (
  SELECT key AS script FROM places WHERE kind = 24
  UNION
  SELECT script FROM executions
  WHERE id > (SELECT last FROM placed WHERE name = 'executions') AND script IS NOT NULL
) ran;
