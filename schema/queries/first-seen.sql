-- SPDX-License-Identifier: GPL-2.0-only
-- Where a file or an address was first seen, and where after that: kith sql --set
-- what=/tmp/x, or what=198.51.100.7. A file is followed under whatever name it has had.
-- One row is a program (as it was last) of a workload: container, unit. Of what was used
-- very often the first 10,000 times are looked at: --since goes on from there.
WITH
-- Ids grow with time: those that rows of that time can have.
range AS MATERIALIZED (
  SELECT name, min(first_id) AS first_id, max(last_id) AS last_id FROM segment
  WHERE (last >= :since OR last IS NULL) AND (first <= :until OR first IS NULL)
  GROUP BY name
),
named AS MATERIALIZED (
  SELECT path_id FROM path WHERE ending = substr(:what, -8) AND path = :what
),
meant AS MATERIALIZED (
  SELECT file_id FROM path_use
  WHERE path_id IN (SELECT path_id FROM named) AND file_id IS NOT NULL
  UNION
  SELECT file_id FROM path_changed
  WHERE path_id IN (SELECT path_id FROM named) AND file_id IS NOT NULL
  UNION
  SELECT file_id FROM program WHERE exe = :what
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
meant_route AS MATERIALIZED (
  SELECT id FROM routes
  WHERE CAST(:what AS TEXT) IN (client_addr, server_addr, dialled_addr, seen_addr)
),
talk AS MATERIALIZED (
  SELECT * FROM (SELECT connection_id, run_id FROM route_use
    WHERE route_id IN (SELECT id FROM meant_route) AND connection_id IS NOT NULL
    ORDER BY connection_id LIMIT 10000)
  UNION ALL
  SELECT * FROM (SELECT connection_id, run_id FROM route_use
    WHERE route_id IN (SELECT id FROM meant_route) AND run_id IS NOT NULL
    ORDER BY run_id LIMIT 10000)
),
seen AS MATERIALIZED (
  SELECT first, last, process_id,
    CASE WHEN created THEN 'created'
      WHEN writes OR mapped_writable THEN 'written' WHEN mapped_executable THEN 'loaded'
      ELSE 'read' END AS how,
    path AS name, bytes_read + bytes_written AS bytes
  FROM candidate CROSS JOIN file_used f ON f.access_id = candidate.row_id
  WHERE candidate.source = 'access'
  UNION ALL
  SELECT ts, last, process_id, op, coalesce(new_path, path), 0
  FROM changed CROSS JOIN name_change c ON c.change_id = changed.row_id
  WHERE error IS NULL AND file_id IN (SELECT file_id FROM meant)
  UNION ALL
  SELECT ts, ts, process_id, 'executed', exe, 0
  FROM candidate CROSS JOIN execution e ON e.execution_id = candidate.row_id
  WHERE candidate.source = 'execution' AND error IS NULL
  UNION ALL
  SELECT * FROM (SELECT e.ts, e.ts, e.process, 'executed as a script', :what, 0
    FROM script s CROSS JOIN executions e ON e.script = s.script_id
    WHERE s.script = :what AND e.error IS NULL AND e.live IS NULL
    ORDER BY e.id LIMIT 10000)
  UNION ALL
  SELECT started, coalesce(ended, started), client_id, 'talked to',
    dialled_addr || ' ' || protocol || ' ' || dialled_port, bytes_to_server + bytes_to_client
  FROM talk CROSS JOIN talk_act c ON c.connection_id = talk.connection_id
  WHERE client_id IS NOT NULL AND dialled_addr = :what
  UNION ALL
  SELECT started, coalesce(ended, started), server_id, 'talked to us',
    seen_addr || ' ' || protocol || ' ' || server_port, bytes_to_server + bytes_to_client
  FROM talk CROSS JOIN talk_act c ON c.connection_id = talk.connection_id
  WHERE server_id IS NOT NULL AND seen_addr = :what
  UNION ALL
  SELECT started, coalesce(ended, started), client_id, 'talked to',
    dialled_addr || ' ' || protocol || ' ' || dialled_port, bytes_to_server + bytes_to_client
  FROM talk CROSS JOIN talk_of_run_act c ON c.run_id = talk.run_id
  WHERE client_id IS NOT NULL AND dialled_addr = :what
  UNION ALL
  SELECT started, coalesce(ended, started), server_id, 'talked to us',
    seen_addr || ' ' || protocol || ' ' || server_port, bytes_to_server + bytes_to_client
  FROM talk CROSS JOIN talk_of_run_act c ON c.run_id = talk.run_id
  WHERE server_id IS NOT NULL AND seen_addr = :what
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
