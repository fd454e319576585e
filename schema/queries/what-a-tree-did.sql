-- SPDX-License-Identifier: GPL-2.0-only
-- What a process and all that it has started ran, became, touched and talked to, in the
-- order of time: kith sql --set process=48211, which is a process_id. exe is what each ran
-- then. The first 10,000 are shown: --since goes on from the last of them. kith timeline
-- shows one process so, kith tree who started whom.
WITH RECURSIVE
-- Ids grow with time: those that rows of that time can have.
whole AS MATERIALIZED (
  SELECT name, segment_id, first_id, last_id FROM segment
  WHERE (last >= :since OR last IS NULL) AND (first <= :until OR first IS NULL)
),
-- A large family did enough in the first of the segments.
near AS MATERIALIZED (
  SELECT name, min(first_id) AS first_id, max(last_id) AS last_id FROM whole
  WHERE segment_id < (SELECT min(segment_id) + 8 FROM whole) GROUP BY name
),
early AS MATERIALIZED (
  SELECT CAST(:process AS INTEGER) AS process_id
  UNION
  SELECT p.process_id FROM early JOIN process p ON p.parent_id = early.process_id
  WHERE p.process_id <= (SELECT last_id FROM near WHERE name = 'processes')
  LIMIT 50000
),
tree AS MATERIALIZED (
  SELECT CAST(:process AS INTEGER) AS process_id
  UNION
  SELECT p.process_id FROM tree JOIN process p ON p.parent_id = tree.process_id
  WHERE p.process_id <= iif((SELECT count(*) FROM early) < 10000, 9223372036854775807,
    (SELECT last_id FROM near WHERE name = 'processes'))
  LIMIT 50000
),
-- Of a large family those who lived in that time, the first of them.
alive AS MATERIALIZED (
  SELECT tree.process_id
  FROM tree CROSS JOIN process p ON p.process_id = tree.process_id
  WHERE p.started <= :until AND (p.ended IS NULL OR p.ended >= :since)
  ORDER BY 1
  LIMIT 10000
),
enough AS MATERIALIZED (
  SELECT max(count) >= 10000 AS met FROM (
    SELECT count(*) AS count FROM (SELECT 1 FROM access_by
      WHERE process_id IN (SELECT process_id FROM alive)
      AND access_id BETWEEN (SELECT first_id FROM near WHERE name = 'accesses')
      AND (SELECT last_id FROM near WHERE name = 'accesses') LIMIT 10000)
    UNION ALL
    SELECT count(*) FROM (SELECT 1 FROM server_use
      WHERE server_id IN (SELECT process_id FROM alive)
      AND connection_id BETWEEN (SELECT first_id FROM near WHERE name = 'connections')
      AND (SELECT last_id FROM near WHERE name = 'connections') LIMIT 10000))
),
range AS MATERIALIZED (
  SELECT name, min(first_id) AS first_id, max(last_id) AS last_id FROM whole
  WHERE NOT (SELECT met FROM enough) OR segment_id < (SELECT min(segment_id) + 8 FROM whole)
  GROUP BY name
),
candidate AS MATERIALIZED (
  SELECT * FROM (SELECT 'execution' AS source, process AS process_id, id AS row_id FROM executions
    WHERE process IN (SELECT process_id FROM alive) AND id BETWEEN
      (SELECT first_id FROM range WHERE name = 'executions') AND (SELECT last_id FROM range
      WHERE name = 'executions') ORDER BY id LIMIT 10000)
  UNION ALL
  SELECT * FROM (SELECT 'credential' AS source, process AS process_id, id AS row_id FROM credentials
    WHERE process IN (SELECT process_id FROM alive) AND id BETWEEN
      (SELECT first_id FROM range WHERE name = 'credentials') AND (SELECT last_id FROM range
      WHERE name = 'credentials') ORDER BY id LIMIT 10000)
  UNION ALL
  SELECT * FROM (SELECT 'file_access' AS source, process_id, access_id AS row_id FROM access_by
    WHERE process_id IN (SELECT process_id FROM alive) AND access_id BETWEEN
      (SELECT first_id FROM range WHERE name = 'accesses') AND (SELECT last_id FROM range
      WHERE name = 'accesses') ORDER BY access_id LIMIT 10000)
  UNION ALL
  SELECT * FROM (SELECT 'file_change' AS source, process_id, change_id AS row_id FROM change_by
    WHERE process_id IN (SELECT process_id FROM alive) AND change_id BETWEEN
      (SELECT first_id FROM range WHERE name = 'changes') AND (SELECT last_id FROM range
      WHERE name = 'changes') ORDER BY change_id LIMIT 10000)
  UNION ALL
  SELECT * FROM (SELECT 'client' AS source, client_id AS process_id,
      connection_id AS row_id FROM client_use
    WHERE client_id IN (SELECT process_id FROM alive) AND connection_id BETWEEN
      (SELECT first_id FROM range WHERE name = 'connections') AND (SELECT last_id FROM range
      WHERE name = 'connections') ORDER BY connection_id LIMIT 10000)
  UNION ALL
  SELECT * FROM (SELECT 'server' AS source, server_id AS process_id,
      connection_id AS row_id FROM server_use
    WHERE server_id IN (SELECT process_id FROM alive) AND connection_id BETWEEN
      (SELECT first_id FROM range WHERE name = 'connections') AND (SELECT last_id FROM range
      WHERE name = 'connections') ORDER BY connection_id LIMIT 10000)
  UNION ALL
  SELECT * FROM (SELECT 'client run' AS source, client AS process_id, id AS row_id FROM connection_runs
    WHERE client IN (SELECT process_id FROM alive) AND id BETWEEN
      (SELECT first_id FROM range WHERE name = 'connection_runs') AND (SELECT last_id FROM range
      WHERE name = 'connection_runs') ORDER BY id LIMIT 10000)
  UNION ALL
  SELECT * FROM (SELECT 'server run' AS source, server AS process_id, id AS row_id FROM connection_runs
    WHERE server IN (SELECT process_id FROM alive) AND id BETWEEN
      (SELECT first_id FROM range WHERE name = 'connection_runs') AND (SELECT last_id FROM range
      WHERE name = 'connection_runs') ORDER BY id LIMIT 10000)
),
act AS MATERIALIZED (
  SELECT d.*, CASE
    WHEN source = 'execution' THEN (SELECT ts FROM executions WHERE id = row_id)
    WHEN source = 'credential' THEN (SELECT ts FROM credentials WHERE id = row_id)
    WHEN source = 'file_access' THEN (SELECT first FROM accesses WHERE id = row_id)
    WHEN source = 'file_change' THEN (SELECT ts FROM changes WHERE id = row_id)
    WHEN source IN ('client', 'server') THEN (SELECT started FROM connections WHERE id = row_id)
    ELSE (SELECT ended FROM connection_runs WHERE id = row_id) END AS ts
  FROM candidate d
  WHERE ts BETWEEN :since AND :until OR source IN ('client run', 'server run')
  ORDER BY ts
  LIMIT 10000
),
did AS MATERIALIZED (
  SELECT e.ts, e.process_id, e.execution_id, iif(error, 'failed to run', 'ran') AS what,
    coalesce(nullif(argv, ''), exe) AS object, NULL AS bytes_in, NULL AS bytes_out
  FROM act CROSS JOIN execution e ON e.execution_id = act.row_id
  WHERE act.source = 'execution'
  UNION ALL
  SELECT c.ts, c.process_id, c.execution_id, 'became', 'uid ' || euid_to || ' by ' || cause,
    NULL, NULL
  FROM act CROSS JOIN credential c ON c.credential_id = act.row_id
  WHERE act.source = 'credential' AND euid_from <> euid_to
  UNION ALL
  SELECT f.ts, f.process_id, f.execution_id, op || iif(error, ' failed', ''),
    coalesce(path || ' -> ' || new_path, path), bytes_read, bytes_written
  FROM act CROSS JOIN access_act f ON f.access_id = act.row_id
  WHERE act.source = 'file_access'
  UNION ALL
  SELECT f.ts, f.process_id, f.execution_id, op || iif(error, ' failed', ''),
    coalesce(path || ' -> ' || new_path, path), bytes_read, bytes_written
  FROM act CROSS JOIN change_act f ON f.change_id = act.row_id
  WHERE act.source = 'file_change'
  UNION ALL
  SELECT c.started, act.process_id,
    (SELECT e.execution_id FROM image e WHERE e.process_id = act.process_id
      AND e.ts <= c.started ORDER BY e.execution_id DESC LIMIT 1),
    iif(act.source GLOB 'client*', 'talked to', 'was talked to by')
      || iif(c.error AND NOT c.established, ' in vain', ''),
    CASE WHEN c.server_port IS NULL THEN coalesce(c.server_name, 'an unnamed socket')
      WHEN act.source GLOB 'client*'
        THEN c.dialled_addr || ' ' || c.protocol || ' ' || c.dialled_port
      ELSE c.seen_addr || ' at ' || c.protocol || ' ' || c.server_port END,
    iif(act.source GLOB 'client*', c.bytes_to_client, c.bytes_to_server),
    iif(act.source GLOB 'client*', c.bytes_to_server, c.bytes_to_client)
  FROM act CROSS JOIN talk_act c ON c.connection_id = act.row_id
  WHERE act.source IN ('client', 'server')
  UNION ALL
  SELECT c.started, act.process_id,
    (SELECT e.execution_id FROM image e WHERE e.process_id = act.process_id
      AND e.ts <= c.started ORDER BY e.execution_id DESC LIMIT 1),
    iif(act.source GLOB 'client*', 'talked to', 'was talked to by')
      || iif(c.error AND NOT c.established, ' in vain', ''),
    CASE WHEN c.server_port IS NULL THEN coalesce(c.server_name, 'an unnamed socket')
      WHEN act.source GLOB 'client*'
        THEN c.dialled_addr || ' ' || c.protocol || ' ' || c.dialled_port
      ELSE c.seen_addr || ' at ' || c.protocol || ' ' || c.server_port END,
    iif(act.source GLOB 'client*', c.bytes_to_client, c.bytes_to_server),
    iif(act.source GLOB 'client*', c.bytes_to_server, c.bytes_to_client)
  FROM act CROSS JOIN talk_of_run_act c ON c.run_id = act.row_id
  WHERE act.source IN ('client run', 'server run') AND c.started BETWEEN :since AND :until
)
SELECT
  strftime('%Y-%m-%dT%H:%M:%SZ', d.ts / 1000000000, 'unixepoch') AS at,
  (SELECT p.pid FROM process p WHERE p.process_id = d.process_id) AS pid,
  (SELECT image.exe FROM image WHERE image.execution_id = d.execution_id) AS exe,
  d.what, d.object, d.bytes_in, d.bytes_out, d.process_id
FROM did d
ORDER BY d.ts
LIMIT 10000
