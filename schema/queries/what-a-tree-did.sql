-- SPDX-License-Identifier: GPL-2.0-only
-- What a process and all that it has started ran, became, touched and talked to, in the
-- order of time: kith sql --set process=48211, which is a process_id. exe is what each ran
-- then. kith timeline shows one process so, kith tree who started whom.
WITH RECURSIVE
younger AS MATERIALIZED (
  SELECT process_id, parent_id FROM process WHERE process_id >= CAST(:process AS INTEGER)
),
tree AS MATERIALIZED (
  SELECT CAST(:process AS INTEGER) AS process_id
  UNION
  SELECT younger.process_id FROM tree JOIN younger ON younger.parent_id = tree.process_id
),
did AS MATERIALIZED (
  SELECT ts, process_id, execution_id, iif(error, 'failed to run', 'ran') AS what,
    coalesce(nullif(argv, ''), exe) AS object, NULL AS bytes_in, NULL AS bytes_out
  FROM execution
  WHERE process_id IN (SELECT process_id FROM tree) AND ts BETWEEN :since AND :until
  UNION ALL
  SELECT ts, process_id, execution_id, 'became', 'uid ' || euid_to || ' by ' || cause, NULL, NULL
  FROM credential
  WHERE process_id IN (SELECT process_id FROM tree) AND ts BETWEEN :since AND :until
    AND euid_from <> euid_to
  UNION ALL
  SELECT ts, process_id, execution_id, op || iif(error, ' failed', ''),
    coalesce(path || ' -> ' || new_path, path), bytes_read, bytes_written
  FROM file_act
  WHERE process_id IN (SELECT process_id FROM tree) AND ts BETWEEN :since AND :until
  UNION ALL
  SELECT started, process_id, execution_id,
    iif(side = 'client', 'talked to', 'was talked to by')
      || iif(error AND NOT established, ' in vain', ''),
    CASE WHEN server_addr IS NULL THEN coalesce(server_name, 'an unnamed socket')
      WHEN side = 'client' THEN server_addr || ' ' || protocol || ' ' || server_port
      ELSE client_addr || ' at ' || protocol || ' ' || server_port END,
    received, sent
  FROM connection_end
  WHERE process_id IN (SELECT process_id FROM tree) AND started BETWEEN :since AND :until
)
SELECT
  strftime('%Y-%m-%dT%H:%M:%SZ', d.ts / 1000000000, 'unixepoch') AS at,
  (SELECT p.pid FROM process p WHERE p.process_id = d.process_id) AS pid,
  (SELECT image.exe FROM image WHERE image.execution_id = d.execution_id) AS exe,
  d.what, d.object, d.bytes_in, d.bytes_out, d.process_id
FROM did d
ORDER BY d.ts
