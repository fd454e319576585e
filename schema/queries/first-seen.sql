-- SPDX-License-Identifier: GPL-2.0-only
-- Where a file or an address was first seen, and where after that: kith sql --set
-- what=/tmp/x, or what=198.51.100.7. A file is followed under whatever name it has had.
-- One row is a program (as it was last) of a workload: container, unit. Of what was used
-- very often the first 2,000 times are looked at: --since goes on from there, --set
-- most=100000 looks at more.
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
  SELECT n + 1, (hash * 5 + ifnull(min(128, unicode(CAST(substr(CAST(:what AS BLOB), n - 8, 1)
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
  WHERE t.value = CAST(:what AS TEXT)
  UNION ALL
  SELECT id FROM strings
  WHERE id <= (SELECT value FROM meta WHERE name = 'paths_from') AND value = CAST(:what AS TEXT)
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
  SELECT file_id FROM program WHERE exe = CAST(:what AS TEXT)
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
meant_route AS MATERIALIZED (
  SELECT id FROM routes
  WHERE CAST(:what AS TEXT) IN (client_addr, server_addr, dialled_addr, seen_addr)
),
routed_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 1 AND key IN (SELECT id FROM meant_route)
      AND epoch BETWEEN (SELECT first_id >> 16 FROM range WHERE name = 'connections')
        AND (SELECT last_id >> 16 FROM range WHERE name = 'connections') LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'connections'
  ORDER BY part
),
runs_routed_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 21 AND key IN (SELECT id FROM meant_route)
      AND epoch BETWEEN (SELECT first_id >> 16 FROM range WHERE name = 'connection_runs')
        AND (SELECT last_id >> 16 FROM range WHERE name = 'connection_runs') LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'connection_runs'
  ORDER BY part
),
talk AS MATERIALIZED (
  SELECT * FROM (SELECT t.id AS connection_id, NULL AS run_id
    FROM routed_in CROSS JOIN connections t ON t.id >= part << 10 AND t.id < (part + 1) << 10
    WHERE t.route IN (SELECT id FROM meant_route)
      AND t.started <= :until
      AND (t.started + t.lasted >= :since OR t.lasted IS NULL)
    LIMIT ifnull(:most, 2000))
  UNION ALL
  SELECT * FROM (SELECT NULL, t.id
    FROM runs_routed_in
      CROSS JOIN connection_runs t ON t.id >= part << 10 AND t.id < (part + 1) << 10
    WHERE t.route IN (SELECT id FROM meant_route)
      AND t.started <= :until AND t.ended >= :since
    LIMIT ifnull(:most, 2000))
),
scripted_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 24 AND key IN (SELECT script_id FROM script WHERE script = :what)
      AND epoch BETWEEN (SELECT first_id >> 16 FROM range WHERE name = 'executions')
        AND (SELECT last_id >> 16 FROM range WHERE name = 'executions') LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'executions'
  ORDER BY part
),
scripted AS MATERIALIZED (
  SELECT t.id
  FROM scripted_in CROSS JOIN executions t ON t.id >= part << 10 AND t.id < (part + 1) << 10
  WHERE t.script IN (SELECT script_id FROM script WHERE script = :what)
    AND t.ts BETWEEN :since AND :until
  LIMIT ifnull(:most, 2000)
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
  WHERE error IS NULL AND file_id IN (SELECT file FROM meant)
  UNION ALL
  SELECT ts, ts, process_id, 'executed', exe, 0
  FROM candidate CROSS JOIN execution e ON e.execution_id = candidate.row_id
  WHERE candidate.source = 'execution' AND error IS NULL
  UNION ALL
  SELECT e.ts, e.ts, e.process, 'executed as a script', :what, 0
  FROM scripted s
  CROSS JOIN executions e ON e.id = s.id
  WHERE e.error IS NULL AND e.live IS NULL
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
