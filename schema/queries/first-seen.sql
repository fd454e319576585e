-- SPDX-License-Identifier: GPL-2.0-only
-- Where a file or an address was first seen, and where after that: kith sql --set
-- what=/tmp/x, or what=198.51.100.7. A file is followed under whatever name it has had.
-- One row is a program (as it was last) of a workload: container, unit.
WITH
meant AS MATERIALIZED (
  SELECT file_id FROM file_access WHERE path = :what AND file_id IS NOT NULL
  UNION
  SELECT file_id FROM file_change WHERE :what IN (path, new_path) AND file_id IS NOT NULL
),
seen AS MATERIALIZED (
  SELECT first, last, process_id,
    CASE WHEN executed THEN 'executed' WHEN created THEN 'created'
      WHEN writes OR mapped_writable THEN 'written' WHEN mapped_executable THEN 'loaded'
      ELSE 'read' END AS how,
    path AS name, bytes_read + bytes_written AS bytes
  FROM file_access
  WHERE file_id IN (SELECT file_id FROM meant)
  UNION ALL
  SELECT ts, last, process_id, op, coalesce(new_path, path), 0
  FROM file_change
  WHERE file_id IN (SELECT file_id FROM meant) AND change_id IS NOT NULL AND error IS NULL
  UNION ALL
  SELECT ts, ts, process_id, 'executed as a script', script, 0
  FROM execution
  WHERE script = :what AND error IS NULL
  UNION ALL
  SELECT started, coalesce(ended, started), process_id,
    iif(side = 'client', 'talked to', 'talked to us'),
    iif(side = 'client', server_addr, client_addr) || ' ' || protocol || ' ' || server_port,
    sent + received
  FROM connection_end
  WHERE iif(side = 'client', server_addr, client_addr) = :what
)
SELECT
  strftime('%Y-%m-%dT%H:%M:%SZ', min(s.first) / 1000000000, 'unixepoch') AS first,
  strftime('%Y-%m-%dT%H:%M:%SZ', max(s.last) / 1000000000, 'unixepoch') AS last,
  s.how, s.name, count(*) AS times, sum(s.bytes) AS bytes,
  (SELECT coalesce(p.exe, p.comm) FROM process p WHERE p.process_id = s.process_id) AS exe,
  (SELECT p.uid FROM process p WHERE p.process_id = s.process_id) AS uid,
  (SELECT coalesce(k.name, k.path) FROM container k WHERE k.container_id =
    (SELECT p.container_id FROM process p WHERE p.process_id = s.process_id)) AS workload,
  s.process_id
FROM seen s
WHERE s.first <= :until AND s.last >= :since
GROUP BY s.how, s.name, exe, uid, workload
ORDER BY min(s.first), s.name
