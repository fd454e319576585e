-- SPDX-License-Identifier: GPL-2.0-only
-- What was executed although a process that talked to other machines had written it: the
-- same file, whatever it was called by then; or a script of that name. Where the data took
-- a way through other processes, see kith trace.
WITH
outward AS MATERIALIZED (
  SELECT client_id AS process_id FROM connection
  WHERE scope IN ('private', 'public') AND client_id IS NOT NULL
  UNION
  SELECT server_id FROM connection
  WHERE scope IN ('private', 'public') AND server_id IS NOT NULL
),
written AS MATERIALIZED (
  SELECT a.file_id, a.path, a.process_id, a.first, a.bytes_written, a.access_id
  FROM file_access a
  WHERE a.process_id IN (SELECT process_id FROM outward)
    AND (a.writes OR a.mapped_writable) AND a.first <= :until
),
ran AS MATERIALIZED (
  SELECT e.execution_id, written.access_id
  FROM execution e
  JOIN written ON written.file_id = e.file_id AND written.first <= e.ts
  WHERE e.error IS NULL AND e.ts BETWEEN :since AND :until
  UNION
  SELECT e.execution_id, written.access_id
  FROM execution e
  JOIN written ON written.path = e.script AND written.first <= e.ts
  WHERE e.error IS NULL AND e.ts BETWEEN :since AND :until
)
SELECT
  strftime('%Y-%m-%dT%H:%M:%SZ', e.ts / 1000000000, 'unixepoch') AS at,
  e.process_id, e.uid, e.exe, e.argv, written.path AS written_as, written.bytes_written,
  strftime('%Y-%m-%dT%H:%M:%SZ', written.first / 1000000000, 'unixepoch') AS written_at,
  p.pid AS writer, p.exe AS writer_exe, p.argv AS writer_argv
FROM ran
JOIN execution e ON e.execution_id = ran.execution_id
CROSS JOIN written ON written.access_id = ran.access_id
LEFT JOIN process p ON p.process_id = written.process_id
ORDER BY e.ts, written.first
