-- SPDX-License-Identifier: GPL-2.0-only
-- Who changed :path, or what is below it, and who wrote there: kith sql --set path=/etc.
-- Names and contents are changed by what has another name, too: see where-a-file-went.sql.
WITH
what AS MATERIALIZED (
  SELECT ts, last, process_id, op, path, new_path, detail, error, unsure, count
  FROM file_change
  WHERE :path IN (path, new_path) OR substr(path, 1, length(:path) + 1) = :path || '/'
    OR substr(new_path, 1, length(:path) + 1) = :path || '/'
  UNION ALL
  SELECT first, last, process_id, 'write', path, NULL, bytes_written || ' bytes', NULL, 0, writes
  FROM file_access
  WHERE (writes OR mapped_writable)
    AND (path = :path OR substr(path, 1, length(:path) + 1) = :path || '/')
)
SELECT
  strftime('%Y-%m-%dT%H:%M:%SZ', w.ts / 1000000000, 'unixepoch') AS at,
  w.op, w.path, w.new_path, w.detail, w.error, w.unsure, w.count,
  p.pid, p.uid, p.loginuid AS login, p.exe, p.argv, p.unit
FROM what w
LEFT JOIN process p USING (process_id)
WHERE w.ts <= :until AND w.last >= :since
ORDER BY w.ts
