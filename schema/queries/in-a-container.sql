-- SPDX-License-Identifier: GPL-2.0-only
-- What was in a container, however short it lived: who started it, what ran there, what
-- that did with files, and with whom it talked: kith sql --set container=NAME, which may be
-- its name, the beginning of its ID, a unit, or a path. exe is what each ran then.
WITH RECURSIVE
meant AS MATERIALIZED (
  SELECT container_id FROM container
  WHERE CAST(:container AS TEXT) IN (name, path, unit)
    OR substr(runtime_id, 1, length(:container)) = CAST(:container AS TEXT)
),
inside AS MATERIALIZED (
  SELECT process_id, parent_id, started, ended FROM process
  WHERE container_id IN (SELECT container_id FROM meant)
),
above AS MATERIALIZED (
  SELECT parent_id AS process_id, 1 AS depth FROM inside
  WHERE parent_id NOT IN (SELECT process_id FROM inside)
  UNION
  SELECT p.parent_id, depth + 1
  FROM above JOIN process p ON p.process_id = above.process_id
  WHERE depth < 16 AND p.parent_id IS NOT NULL
),
did AS MATERIALIZED (
  SELECT p.started AS ts, p.process_id, p.execution_id, 'is above' AS what,
    coalesce(p.argv, p.comm) AS object, NULL AS bytes_in, NULL AS bytes_out
  FROM above JOIN process p ON p.process_id = above.process_id
  UNION ALL
  SELECT ts, process_id, execution_id, iif(error, 'failed to run', 'ran'), coalesce(nullif(argv, ''), exe),
    NULL, NULL
  FROM execution
  WHERE process_id IN (SELECT process_id FROM inside) AND ts BETWEEN :since AND :until
  UNION ALL
  SELECT p.ended, p.process_id, p.execution_id, 'ended',
    coalesce('signal ' || p.exit_signal, 'exit ' || p.exit_code), NULL, NULL
  FROM inside JOIN process p ON p.process_id = inside.process_id
  WHERE p.ended BETWEEN :since AND :until
  UNION ALL
  SELECT ts, process_id, execution_id, op || iif(error, ' failed', ''),
    coalesce(path || ' -> ' || new_path, path), bytes_read, bytes_written
  FROM file_act
  WHERE process_id IN (SELECT process_id FROM inside) AND ts BETWEEN :since AND :until
  UNION ALL
  SELECT started, process_id, execution_id,
    iif(side = 'client', 'talked to', 'was talked to by')
      || iif(error AND NOT established, ' in vain', ''),
    CASE WHEN server_addr IS NULL THEN coalesce(server_name, 'an unnamed socket')
      WHEN side = 'client' THEN server_addr || ' ' || protocol || ' ' || server_port
      ELSE client_addr || ' at ' || protocol || ' ' || server_port END,
    received, sent
  FROM connection_end
  WHERE process_id IN (SELECT process_id FROM inside) AND started BETWEEN :since AND :until
)
SELECT
  strftime('%Y-%m-%dT%H:%M:%SZ', d.ts / 1000000000, 'unixepoch') AS at,
  (SELECT p.pid FROM process p WHERE p.process_id = d.process_id) AS pid,
  (SELECT image.exe FROM image WHERE image.execution_id = d.execution_id) AS exe,
  d.what, d.object, d.bytes_in, d.bytes_out, d.process_id
FROM did d
ORDER BY d.ts
