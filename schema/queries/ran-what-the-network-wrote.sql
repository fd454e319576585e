-- SPDX-License-Identifier: GPL-2.0-only
-- What was executed although a process that talked to other machines had written it: the
-- same file, whatever it was called by then; or a script of that name. Where the data took
-- a way through other processes, see kith trace. The first 10,000 are shown: --since goes on
-- from the last of them.
WITH RECURSIVE
-- Ids grow with time: those that rows of that time can have.
range AS MATERIALIZED (
  SELECT name, min(first_id) AS first_id, max(last_id) AS last_id FROM segment
  WHERE (last >= :since OR last IS NULL) AND (first <= :until OR first IS NULL)
  GROUP BY name
),
-- As view path has it: made of the last eight bytes, those that are no ASCII being 128.
hashed(script_id, script, n, hash) AS (
  SELECT script_id, CAST(script AS BLOB), 0, 0 FROM script
  UNION ALL
  SELECT script_id, script, n + 1, (hash * 5 + ifnull(min(128,
    unicode(CAST(substr(script, n - 8, 1) AS TEXT))), 0)) & 4095
  FROM hashed
  WHERE n < 8
),
named_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 30 AND key IN (SELECT hash FROM hashed WHERE n = 8) LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'paths'
  ORDER BY part
),
named AS MATERIALIZED (
  SELECT s.script_id, n.id AS path_id FROM (
    SELECT t.id, t.value
    FROM named_in CROSS JOIN paths t ON t.id >= part << 10 AND t.id < (part + 1) << 10
    WHERE t.value IN (SELECT script FROM script)
    UNION ALL
    SELECT id, value FROM strings
    WHERE id <= (SELECT value FROM meta WHERE name = 'paths_from')
      AND value IN (SELECT script FROM script)) n
  CROSS JOIN script s ON s.script = n.value
),
used_as_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 35 AND key IN (SELECT path_id FROM named) LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'accesses'
  ORDER BY part
),
used AS MATERIALIZED (
  SELECT t.path AS path_id, t.id AS access_id
  FROM used_as_in CROSS JOIN accesses t ON t.id >= part << 10 AND t.id < (part + 1) << 10
  WHERE t.writes IS NOT NULL AND t.path IN (SELECT path_id FROM named)
),
-- From what was executed, of which there is little, to who has written it.
written AS MATERIALIZED (
  SELECT p.executable_id, p.file_id, NULL AS script_id, w.access_id, w.process_id, w.first
  FROM program p
  CROSS JOIN file_wrote w ON w.file_id = p.file_id
  UNION ALL
  SELECT NULL, NULL, n.script_id, w.access_id, w.process_id, w.first
  FROM used u
  CROSS JOIN named n ON n.path_id = u.path_id
  CROSS JOIN file_wrote w ON w.access_id = u.access_id
),
talked_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind IN (10, 11) AND key IN (SELECT process_id FROM written) LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'connections'
  ORDER BY part
),
runs_talked_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind IN (19, 20) AND key IN (SELECT process_id FROM written) LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'connection_runs'
  ORDER BY part
),
outward AS MATERIALIZED (
  SELECT iif(o.n, t.client, t.server) AS process_id
  FROM talked_in CROSS JOIN connections t ON t.id >= part << 10 AND t.id < (part + 1) << 10
  CROSS JOIN ordinals o ON o.n < 2
  WHERE t.flags & 128
  UNION
  SELECT iif(o.n, t.client, t.server)
  FROM runs_talked_in
  CROSS JOIN connection_runs t ON t.id >= part << 10 AND t.id < (part + 1) << 10
  CROSS JOIN ordinals o ON o.n < 2
  WHERE t.flags & 128
),
suspect AS MATERIALIZED (
  SELECT * FROM written WHERE process_id IN (SELECT process_id FROM outward)
),
executed_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind IN (16, 24) AND key IN (SELECT coalesce(executable_id, script_id) FROM suspect)
      AND epoch BETWEEN (SELECT first_id >> 16 FROM range WHERE name = 'executions')
        AND (SELECT last_id >> 16 FROM range WHERE name = 'executions') LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'executions'
  ORDER BY part
),
again AS MATERIALIZED (
  SELECT t.id, t.ts, t.executable, t.file, t.script
  FROM executed_in CROSS JOIN executions t ON t.id >= part << 10 AND t.id < (part + 1) << 10
  WHERE (t.executable IN (SELECT executable_id FROM suspect)
      OR t.script IN (SELECT script_id FROM suspect))
    AND t.error IS NULL AND t.live IS NULL AND t.ts BETWEEN :since AND :until
),
ran AS MATERIALIZED (
  SELECT e.id AS execution_id, w.access_id
  FROM again e CROSS JOIN suspect w ON w.executable_id = e.executable AND w.file_id = e.file
  WHERE e.ts >= w.first
  UNION
  SELECT e.id, w.access_id
  FROM again e CROSS JOIN suspect w ON w.script_id = e.script
  WHERE e.ts >= w.first
  ORDER BY 1
  LIMIT 10000
)
SELECT
  strftime('%Y-%m-%dT%H:%M:%SZ', e.ts / 1000000000, 'unixepoch') AS at,
  e.process_id, e.uid, e.exe, e.argv, w.path AS written_as, w.bytes_written,
  strftime('%Y-%m-%dT%H:%M:%SZ', w.first / 1000000000, 'unixepoch') AS written_at,
  p.pid AS writer, p.exe AS writer_exe, p.argv AS writer_argv
FROM ran
CROSS JOIN execution e ON e.execution_id = ran.execution_id
CROSS JOIN file_wrote w ON w.access_id = ran.access_id
LEFT JOIN process p ON p.process_id = w.process_id
ORDER BY e.ts, w.first
