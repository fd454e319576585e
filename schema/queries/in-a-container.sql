-- SPDX-License-Identifier: GPL-2.0-only
-- What was in a container, however short it lived: who started it, what ran there, what
-- that did with files, and with whom it talked: kith sql --set container=NAME, which may
-- be its name, the beginning of its ID, a unit, or a path. exe is what each ran then.
-- Of a large one those who lived in that time, the first 10,000, and the first 10,000 things
-- that they did: --since goes on from there.
WITH RECURSIVE
meant AS MATERIALIZED (
  SELECT container_id FROM container
  WHERE CAST(:container AS TEXT) IN (name, path, unit)
    OR substr(runtime_id, 1, length(:container)) = CAST(:container AS TEXT)
),
belonging AS MATERIALIZED (
  SELECT p.id AS process_id
  FROM contexts x CROSS JOIN processes p ON p.context = x.id
  WHERE x.container IN (SELECT container_id FROM meant) AND p.started <= :until
    AND (p.lived IS NULL OR p.started + p.lived >= :since)
  ORDER BY 1
  LIMIT 10000
),
inside AS MATERIALIZED (
  SELECT p.process_id, p.parent_id, p.started, p.ended
  FROM belonging CROSS JOIN process p ON p.process_id = belonging.process_id
),
above AS MATERIALIZED (
  SELECT parent_id AS process_id, 1 AS depth FROM inside
  WHERE parent_id NOT IN (SELECT process_id FROM inside)
  UNION
  SELECT p.parent_id, depth + 1
  FROM above JOIN process p ON p.process_id = above.process_id
  WHERE depth < 16 AND p.parent_id IS NOT NULL
),
-- Ids grow with time: those that rows of that time can have.
whole AS MATERIALIZED (
  SELECT name, segment_id, first_id, last_id FROM segment
  WHERE (last >= :since OR last IS NULL) AND (first <= :until OR first IS NULL)
),
-- Who did very much did enough in the first of the segments.
near AS MATERIALIZED (
  SELECT name, min(first_id) AS first_id, max(last_id) AS last_id FROM whole
  WHERE segment_id < (SELECT min(segment_id) + 8 FROM whole) GROUP BY name
),
enough AS MATERIALIZED (
  SELECT max(count) >= 10000 AS met FROM (
    SELECT count(*) AS count FROM (SELECT 1 FROM access_by
      WHERE process_id IN (SELECT process_id FROM inside)
      AND access_id BETWEEN (SELECT first_id FROM near WHERE name = 'accesses')
      AND (SELECT last_id FROM near WHERE name = 'accesses') LIMIT 10000)
    UNION ALL
    SELECT count(*) FROM (SELECT 1 FROM server_use
      WHERE server_id IN (SELECT process_id FROM inside)
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
    WHERE process IN (SELECT process_id FROM inside) AND id BETWEEN
      (SELECT first_id FROM range WHERE name = 'executions') AND (SELECT last_id FROM range
      WHERE name = 'executions') ORDER BY id LIMIT 10000)
  UNION ALL
  SELECT * FROM (SELECT 'file_access' AS source, process_id, access_id AS row_id FROM access_by
    WHERE process_id IN (SELECT process_id FROM inside) AND access_id BETWEEN
      (SELECT first_id FROM range WHERE name = 'accesses') AND (SELECT last_id FROM range
      WHERE name = 'accesses') ORDER BY access_id LIMIT 10000)
  UNION ALL
  SELECT * FROM (SELECT 'file_change' AS source, process_id, change_id AS row_id FROM change_by
    WHERE process_id IN (SELECT process_id FROM inside) AND change_id BETWEEN
      (SELECT first_id FROM range WHERE name = 'changes') AND (SELECT last_id FROM range
      WHERE name = 'changes') ORDER BY change_id LIMIT 10000)
  UNION ALL
  SELECT * FROM (SELECT 'client' AS source, client_id AS process_id,
      connection_id AS row_id FROM client_use
    WHERE client_id IN (SELECT process_id FROM inside) AND connection_id BETWEEN
      (SELECT first_id FROM range WHERE name = 'connections') AND (SELECT last_id FROM range
      WHERE name = 'connections') ORDER BY connection_id LIMIT 10000)
  UNION ALL
  SELECT * FROM (SELECT 'server' AS source, server_id AS process_id,
      connection_id AS row_id FROM server_use
    WHERE server_id IN (SELECT process_id FROM inside) AND connection_id BETWEEN
      (SELECT first_id FROM range WHERE name = 'connections') AND (SELECT last_id FROM range
      WHERE name = 'connections') ORDER BY connection_id LIMIT 10000)
  UNION ALL
  SELECT * FROM (SELECT 'client run' AS source, client AS process_id, id AS row_id FROM connection_runs
    WHERE client IN (SELECT process_id FROM inside) AND id BETWEEN
      (SELECT first_id FROM range WHERE name = 'connection_runs') AND (SELECT last_id FROM range
      WHERE name = 'connection_runs') ORDER BY id LIMIT 10000)
  UNION ALL
  SELECT * FROM (SELECT 'server run' AS source, server AS process_id, id AS row_id FROM connection_runs
    WHERE server IN (SELECT process_id FROM inside) AND id BETWEEN
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
  SELECT p.started AS ts, p.process_id, p.execution_id, 'is above' AS what,
    coalesce(p.argv, p.comm) AS object, NULL AS bytes_in, NULL AS bytes_out
  FROM above JOIN process p ON p.process_id = above.process_id
  UNION ALL
  SELECT e.ts, e.process_id, e.execution_id, iif(error, 'failed to run', 'ran'),
    coalesce(nullif(argv, ''), exe), NULL, NULL
  FROM act CROSS JOIN execution e ON e.execution_id = act.row_id
  WHERE act.source = 'execution'
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
  UNION ALL
  SELECT p.ended, p.process_id, p.execution_id, 'ended',
    coalesce('signal ' || p.exit_signal, 'exit ' || p.exit_code), NULL, NULL
  FROM inside JOIN process p ON p.process_id = inside.process_id
  WHERE p.ended BETWEEN :since AND :until
)
SELECT
  strftime('%Y-%m-%dT%H:%M:%SZ', d.ts / 1000000000, 'unixepoch') AS at,
  (SELECT p.pid FROM process p WHERE p.process_id = d.process_id) AS pid,
  (SELECT image.exe FROM image WHERE image.execution_id = d.execution_id) AS exe,
  d.what, d.object, d.bytes_in, d.bytes_out, d.process_id
FROM did d
ORDER BY d.ts
LIMIT 10000
