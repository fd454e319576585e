-- SPDX-License-Identifier: GPL-2.0-only
-- What a process and all that it has started ran, became, touched and talked to, in the
-- order of time: kith sql --set process=48211, which is a process_id. exe is what each ran
-- then. The first 3,000 are shown: --since goes on from the last of them, --set most=100000
-- shows more. kith timeline shows one process so, kith tree who started whom.
WITH RECURSIVE
tree AS MATERIALIZED (
  SELECT CAST(:process AS INTEGER) AS process_id
  UNION
  SELECT p.process_id FROM tree JOIN process p ON p.parent_id = tree.process_id
  ORDER BY 1
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
-- Ids grow with time: those that rows of that time can have.
whole AS MATERIALIZED (
  SELECT name, segment_id, first_id, last_id FROM segment
  WHERE (last >= :since OR last IS NULL) AND (first <= :until OR first IS NULL)
),
near AS MATERIALIZED (
  SELECT name, min(first_id) AS first_id, max(last_id) AS last_id FROM whole
  WHERE segment_id < (SELECT min(segment_id) + 64 FROM whole) GROUP BY name
),
-- Each key in each part has a row at least: is it enough without looking further?
enough AS MATERIALIZED (
  SELECT count(*) >= ifnull(:most, 3000) AS met FROM (SELECT 1 FROM place
    WHERE kind = 8 AND key IN (SELECT process_id FROM alive)
      AND epoch BETWEEN (SELECT first_id >> 16 FROM near WHERE name = 'accesses') + 1
        AND (SELECT last_id >> 16 FROM near WHERE name = 'accesses') - 1 LIMIT ifnull(:most, 3000))
),
range AS MATERIALIZED (
  SELECT name, min(first_id) AS first_id, max(last_id) AS last_id FROM whole
  WHERE segment_id < (SELECT min(segment_id) + 64 FROM whole) OR NOT (SELECT met FROM enough)
  GROUP BY name
),
-- Where the rows of each table are that tell of them: the kinds of view place.
ran_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 15 AND key IN (SELECT process_id FROM alive)
      AND epoch BETWEEN (SELECT first_id >> 16 FROM range WHERE name = 'executions')
        AND (SELECT last_id >> 16 FROM range WHERE name = 'executions') LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'executions'
  ORDER BY part
),
became_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 17 AND key IN (SELECT process_id FROM alive)
      AND epoch BETWEEN (SELECT first_id >> 16 FROM range WHERE name = 'credentials')
        AND (SELECT last_id >> 16 FROM range WHERE name = 'credentials') LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'credentials'
  ORDER BY part
),
used_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 8 AND key IN (SELECT process_id FROM alive)
      AND epoch BETWEEN (SELECT first_id >> 16 FROM range WHERE name = 'accesses')
        AND (SELECT last_id >> 16 FROM range WHERE name = 'accesses') LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'accesses'
  ORDER BY part
),
changed_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 9 AND key IN (SELECT process_id FROM alive)
      AND epoch BETWEEN (SELECT first_id >> 16 FROM range WHERE name = 'changes')
        AND (SELECT last_id >> 16 FROM range WHERE name = 'changes') LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'changes'
  ORDER BY part
),
called_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 10 AND key IN (SELECT process_id FROM alive)
      AND epoch BETWEEN (SELECT first_id >> 16 FROM range WHERE name = 'connections')
        AND (SELECT last_id >> 16 FROM range WHERE name = 'connections') LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'connections'
  ORDER BY part
),
served_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 11 AND key IN (SELECT process_id FROM alive)
      AND epoch BETWEEN (SELECT first_id >> 16 FROM range WHERE name = 'connections')
        AND (SELECT last_id >> 16 FROM range WHERE name = 'connections') LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'connections'
  ORDER BY part
),
runs_called_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 19 AND key IN (SELECT process_id FROM alive)
      AND epoch BETWEEN (SELECT first_id >> 16 FROM range WHERE name = 'connection_runs')
        AND (SELECT last_id >> 16 FROM range WHERE name = 'connection_runs') LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'connection_runs'
  ORDER BY part
),
runs_served_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 20 AND key IN (SELECT process_id FROM alive)
      AND epoch BETWEEN (SELECT first_id >> 16 FROM range WHERE name = 'connection_runs')
        AND (SELECT last_id >> 16 FROM range WHERE name = 'connection_runs') LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'connection_runs'
  ORDER BY part
),
candidate AS MATERIALIZED (
  SELECT * FROM (SELECT 'execution' AS source, t.process AS process_id, t.id AS row_id
    FROM ran_in CROSS JOIN executions t ON t.id >= part << 10 AND t.id < (part + 1) << 10
    WHERE t.process IN (SELECT process_id FROM alive)
      AND t.ts BETWEEN :since AND :until
    LIMIT ifnull(:most, 3000))
  UNION ALL
  SELECT * FROM (SELECT 'credential' AS source, t.process AS process_id, t.id AS row_id
    FROM became_in CROSS JOIN credentials t ON t.id >= part << 10 AND t.id < (part + 1) << 10
    WHERE t.process IN (SELECT process_id FROM alive)
      AND t.ts BETWEEN :since AND :until
    LIMIT ifnull(:most, 3000))
  UNION ALL
  SELECT * FROM (SELECT 'file_access' AS source, t.process AS process_id, t.id AS row_id
    FROM used_in CROSS JOIN accesses t ON t.id >= part << 10 AND t.id < (part + 1) << 10
    WHERE t.process IN (SELECT process_id FROM alive)
      AND t.first BETWEEN :since AND :until
    LIMIT ifnull(:most, 3000))
  UNION ALL
  SELECT * FROM (SELECT 'file_change' AS source, t.process AS process_id, t.id AS row_id
    FROM changed_in CROSS JOIN changes t ON t.id >= part << 10 AND t.id < (part + 1) << 10
    WHERE t.process IN (SELECT process_id FROM alive)
      AND t.ts BETWEEN :since AND :until
    LIMIT ifnull(:most, 3000))
  UNION ALL
  SELECT * FROM (SELECT 'client' AS source, t.client AS process_id, t.id AS row_id
    FROM called_in CROSS JOIN connections t ON t.id >= part << 10 AND t.id < (part + 1) << 10
    WHERE t.client IN (SELECT process_id FROM alive)
      AND t.started BETWEEN :since AND :until
    LIMIT ifnull(:most, 3000))
  UNION ALL
  SELECT * FROM (SELECT 'server' AS source, t.server AS process_id, t.id AS row_id
    FROM served_in CROSS JOIN connections t ON t.id >= part << 10 AND t.id < (part + 1) << 10
    WHERE t.server IN (SELECT process_id FROM alive)
      AND t.started BETWEEN :since AND :until
    LIMIT ifnull(:most, 3000))
  UNION ALL
  SELECT * FROM (SELECT 'client run' AS source, t.client AS process_id, t.id AS row_id
    FROM runs_called_in
      CROSS JOIN connection_runs t ON t.id >= part << 10 AND t.id < (part + 1) << 10
    WHERE t.client IN (SELECT process_id FROM alive)
      AND t.started <= :until AND t.ended >= :since
    LIMIT ifnull(:most, 3000))
  UNION ALL
  SELECT * FROM (SELECT 'server run' AS source, t.server AS process_id, t.id AS row_id
    FROM runs_served_in
      CROSS JOIN connection_runs t ON t.id >= part << 10 AND t.id < (part + 1) << 10
    WHERE t.server IN (SELECT process_id FROM alive)
      AND t.started <= :until AND t.ended >= :since
    LIMIT ifnull(:most, 3000))
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
  LIMIT ifnull(:most, 3000)
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
    iif(act.source GLOB 'client*', c.client_execution_id, c.server_execution_id),
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
    iif(act.source GLOB 'client*', c.client_execution_id, c.server_execution_id),
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
LIMIT ifnull(:most, 3000)
