-- SPDX-License-Identifier: GPL-2.0-only
-- Who wrote, read, executed or changed the file that was called :path once, under whatever
-- name: kith sql --set path=/etc/shadow. Reads that are counted together with those of
-- other files show where it is the first of them. Where its data went from there: kith trace.
-- The first 10,000 are shown: --since goes on from the last of them.
WITH
-- Ids grow with time: those that rows of that time can have.
range AS MATERIALIZED (
  SELECT name, min(first_id) AS first_id, max(last_id) AS last_id FROM segment
  WHERE (last >= :since OR last IS NULL) AND (first <= :until OR first IS NULL)
  GROUP BY name
),
named AS MATERIALIZED (
  SELECT path_id FROM path WHERE ending = substr(:path, -8) AND path = :path
),
meant AS MATERIALIZED (
  SELECT file_id FROM path_use
  WHERE path_id IN (SELECT path_id FROM named) AND file_id IS NOT NULL
  UNION
  SELECT file_id FROM path_changed
  WHERE path_id IN (SELECT path_id FROM named) AND file_id IS NOT NULL
  UNION
  SELECT file_id FROM program WHERE exe = :path
),
candidate AS MATERIALIZED (
  SELECT * FROM (SELECT 'access' AS source, access_id AS row_id FROM file_use
    WHERE file_id IN (SELECT file_id FROM meant) AND access_id BETWEEN
      (SELECT first_id FROM range WHERE name = 'accesses') AND (SELECT last_id FROM range
      WHERE name = 'accesses') ORDER BY access_id LIMIT 10000)
  UNION ALL
  SELECT * FROM (SELECT 'change', change_id FROM file_changed
    WHERE file_id IN (SELECT file_id FROM meant) AND change_id BETWEEN
      (SELECT first_id FROM range WHERE name = 'changes') AND (SELECT last_id FROM range
      WHERE name = 'changes') ORDER BY change_id LIMIT 10000)
  UNION ALL
  SELECT * FROM (SELECT 'execution', e.id
    FROM program p CROSS JOIN executions e ON e.executable = p.executable_id
      AND e.file = p.file_id
    WHERE p.file_id IN (SELECT file_id FROM meant) AND e.id BETWEEN
      (SELECT first_id FROM range WHERE name = 'executions') AND (SELECT last_id FROM range
      WHERE name = 'executions') ORDER BY e.id LIMIT 10000)
),
-- A change may be of two files.
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
LIMIT 10000
