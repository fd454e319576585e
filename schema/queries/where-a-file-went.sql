-- SPDX-License-Identifier: GPL-2.0-only
-- Who wrote, read, executed or changed the file that was called :path once, under whatever
-- name: kith sql --set path=/etc/shadow. Reads that are counted together with those of
-- other files show where it is the first of them. Where its data went from there: kith trace.
WITH
meant AS MATERIALIZED (
  SELECT file_id FROM file_access WHERE path = :path AND file_id IS NOT NULL
  UNION
  SELECT file_id FROM folded_read WHERE path = :path AND file_id IS NOT NULL
  UNION
  SELECT file_id FROM file_change WHERE :path IN (path, new_path) AND file_id IS NOT NULL
),
what AS MATERIALIZED (
  SELECT first AS ts, last, process_id,
    CASE WHEN executed THEN 'executed' WHEN created THEN 'created'
      WHEN (writes OR mapped_writable) AND reads THEN 'read and wrote'
      WHEN writes OR mapped_writable THEN 'wrote' WHEN truncated THEN 'emptied'
      WHEN mapped_executable THEN 'loaded' WHEN mapped THEN 'mapped'
      WHEN reads THEN 'read' ELSE 'opened' END AS what,
    path, NULL AS new_path, bytes_read, bytes_written
  FROM file_access
  WHERE file_id IN (SELECT file_id FROM meant)
  UNION ALL
  SELECT first, last, process_id, 'read with others', path, NULL, bytes_read, 0
  FROM folded_read
  WHERE file_id IN (SELECT file_id FROM meant)
  UNION ALL
  SELECT ts, last, process_id, op || iif(error, ' failed', ''), path, coalesce(new_path, detail),
    0, 0
  FROM file_change
  WHERE change_id IS NOT NULL AND (file_id IN (SELECT file_id FROM meant)
    OR replaced_id IN (SELECT file_id FROM meant))
)
SELECT
  strftime('%Y-%m-%dT%H:%M:%SZ', w.ts / 1000000000, 'unixepoch') AS at,
  w.what, w.path, w.new_path, w.bytes_read, w.bytes_written, p.pid, p.uid, p.exe, p.argv, p.unit
FROM what w
LEFT JOIN process p USING (process_id)
WHERE w.ts <= :until AND w.last >= :since
ORDER BY w.ts
