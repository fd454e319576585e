-- SPDX-License-Identifier: GPL-2.0-only
-- Who wrote, read, executed or changed the file that was called :path once, under whatever
-- name: kith sql --set path=/etc/shadow. Reads that are counted together with those of
-- other files show where it is the first of them. Where its data went from there: kith trace.
-- The first 2,000 are shown: --since goes on from the last of them, --set most=100000
-- shows more.
WITH RECURSIVE
-- Ids grow with time: those that rows of that time can have.
range AS MATERIALIZED (
  SELECT name, min(first_id) AS first_id, max(last_id) AS last_id FROM segment
  WHERE (last >= :since OR last IS NULL) AND (first <= :until OR first IS NULL)
  GROUP BY name
),
-- As view path has it: made of the last eight bytes, those that are no ASCII being 128.
hashed(n, hash) AS (
  SELECT 0, 0
  UNION ALL
  SELECT n + 1, (hash * 5 + ifnull(min(128, unicode(CAST(substr(CAST(:path AS BLOB), n - 8, 1)
    AS TEXT))), 0)) & 4095
  FROM hashed
  WHERE n < 8
),
-- A file is in the parts where its names are; writes have an index of their own.
named_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 30 AND key = (SELECT hash FROM hashed WHERE n = 8) LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'paths'
  ORDER BY part
),
named AS MATERIALIZED (
  SELECT t.id FROM named_in CROSS JOIN paths t ON t.id >= part << 10 AND t.id < (part + 1) << 10
  WHERE t.value = CAST(:path AS TEXT)
  UNION ALL
  SELECT id FROM strings
  WHERE id <= (SELECT value FROM meta WHERE name = 'paths_from') AND value = CAST(:path AS TEXT)
),
used_as_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 35 AND key IN (SELECT id FROM named) LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'accesses'
  ORDER BY part
),
changed_as_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind IN (6, 7) AND key IN (SELECT id FROM named) LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'changes'
  ORDER BY part
),
meant AS MATERIALIZED (
  SELECT id AS file FROM files WHERE path IN (SELECT id FROM named)
  UNION
  SELECT key FROM pairs
  WHERE kind = 3 AND epoch IN (SELECT id >> 20 FROM named) AND other IN (SELECT id FROM named)
  UNION
  SELECT t.file
  FROM used_as_in CROSS JOIN accesses t ON t.id >= part << 10 AND t.id < (part + 1) << 10
  WHERE t.path IN (SELECT id FROM named) AND t.file IS NOT NULL
  UNION
  SELECT t.file
  FROM changed_as_in CROSS JOIN changes t ON t.id >= part << 10 AND t.id < (part + 1) << 10
  WHERE (t.path IN (SELECT id FROM named) OR t.new_path IN (SELECT id FROM named))
    AND t.file IS NOT NULL
  UNION
  SELECT file_id FROM program WHERE exe = CAST(:path AS TEXT)
),
read_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 2 AND key IN (SELECT other FROM pair WHERE kind = 3
        AND key IN (SELECT file FROM meant)
      UNION ALL
      SELECT path FROM files WHERE id IN (SELECT file FROM meant)) LIMIT -1)
  UNION
  SELECT * FROM (SELECT part FROM place WHERE kind = 12 AND key IN (SELECT file FROM meant)
    LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'accesses'
  ORDER BY part
),
altered_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind IN (6, 7) AND key IN (SELECT other FROM pair WHERE kind IN (4, 5)
        AND key IN (SELECT file FROM meant)
      UNION ALL
      SELECT path FROM files WHERE id IN (SELECT file FROM meant)) LIMIT -1)
  UNION
  SELECT * FROM (SELECT part FROM place WHERE kind IN (13, 14)
    AND key IN (SELECT file FROM meant) LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'changes'
  ORDER BY part
),
executed_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 16 AND key IN (SELECT executable_id FROM program
      WHERE file_id IN (SELECT file FROM meant))
      AND epoch BETWEEN (SELECT first_id >> 16 FROM range WHERE name = 'executions')
        AND (SELECT last_id >> 16 FROM range WHERE name = 'executions') LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'executions'
  ORDER BY part
),
candidate AS MATERIALIZED (
  SELECT * FROM (SELECT 'access' AS source, id AS row_id FROM accesses
    WHERE writes IS NOT NULL AND file IN (SELECT file FROM meant)
      AND first <= :until AND first + lasted >= :since
    ORDER BY id LIMIT ifnull(:most, 2000))
  UNION ALL
  SELECT * FROM (SELECT 'access', t.id
    FROM read_in CROSS JOIN accesses t ON t.id >= part << 10 AND t.id < (part + 1) << 10
    WHERE t.writes IS NULL AND t.file IN (SELECT file FROM meant)
      AND t.first <= :until AND t.first + t.lasted >= :since
    LIMIT ifnull(:most, 2000))
  UNION ALL
  SELECT * FROM (SELECT 'change', t.id
    FROM altered_in CROSS JOIN changes t ON t.id >= part << 10 AND t.id < (part + 1) << 10
    WHERE (t.file IN (SELECT file FROM meant) OR t.other IN (SELECT file FROM meant))
      AND t.ts <= :until AND t.ts + t.lasted >= :since
    LIMIT ifnull(:most, 2000))
  UNION ALL
  SELECT * FROM (SELECT 'execution', t.id
    FROM executed_in CROSS JOIN executions t ON t.id >= part << 10 AND t.id < (part + 1) << 10
    WHERE t.file IN (SELECT file FROM meant)
      AND t.ts BETWEEN :since AND :until
    LIMIT ifnull(:most, 2000))
),
changed AS MATERIALIZED (
  SELECT DISTINCT row_id FROM candidate WHERE source = 'change'
),
what AS MATERIALIZED (
  SELECT first AS ts, last, process_id,
    CASE WHEN created THEN 'created'
      WHEN (writes OR mapped_writable) AND reads THEN 'read and wrote'
      WHEN writes OR mapped_writable THEN 'wrote' WHEN truncated THEN 'emptied'
      WHEN mapped_executable THEN 'loaded' WHEN mapped THEN 'mapped'
      WHEN reads THEN 'read' ELSE 'opened' END AS what,
    path, NULL AS new_path, bytes_read, bytes_written
  FROM candidate CROSS JOIN file_used f ON f.access_id = candidate.row_id
  WHERE candidate.source = 'access'
  UNION ALL
  SELECT first, last, process_id, 'read with others', path, NULL, bytes_read, 0
  FROM candidate CROSS JOIN folded_read f ON f.access_id = candidate.row_id
  WHERE candidate.source = 'access'
  UNION ALL
  SELECT ts, last, process_id, op || iif(error, ' failed', ''), path, coalesce(new_path, detail),
    0, 0
  FROM changed CROSS JOIN name_change c ON c.change_id = changed.row_id
  UNION ALL
  SELECT ts, ts, process_id, 'executed', exe, NULL, 0, 0
  FROM candidate CROSS JOIN execution e ON e.execution_id = candidate.row_id
  WHERE candidate.source = 'execution' AND error IS NULL
)
SELECT
  strftime('%Y-%m-%dT%H:%M:%SZ', w.ts / 1000000000, 'unixepoch') AS at,
  w.what, w.path, w.new_path, w.bytes_read, w.bytes_written, p.pid, p.uid, p.exe, p.argv, p.unit
FROM what w
LEFT JOIN process p USING (process_id)
WHERE w.ts <= :until AND w.last >= :since
ORDER BY w.ts
LIMIT ifnull(:most, 2000)
