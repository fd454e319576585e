-- SPDX-License-Identifier: GPL-2.0-only
-- A login session and what it caused: what ran in it, as whomever by then (sudo, su), what
-- these have started, also outside of it, what ran later that they had written (jobs of
-- cron and at), and whom on this host they asked to do something (docker exec):
-- kith sql --set session=3, an audit session as view process has it. Who was asked may
-- have done more for them than he was asked to: kith trace goes on from there. Of a large
-- session the first 50,000 processes are looked at, and the first 10,000 rows are shown.
WITH RECURSIVE
born_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 18
      AND key IN (SELECT id FROM contexts WHERE session = CAST(:session AS INTEGER)) LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'processes'
  ORDER BY part
),
within AS MATERIALIZED (
  SELECT * FROM (
    SELECT t.id AS process_id
    FROM born_in CROSS JOIN processes t ON t.id >= part << 10 AND t.id < (part + 1) << 10
    WHERE t.context IN (SELECT id FROM contexts WHERE session = CAST(:session AS INTEGER))
  )
  UNION
  SELECT p.process_id FROM within JOIN process p ON p.parent_id = within.process_id
  LIMIT 50000
),
-- Where the rows of each table are that tell of them: the kinds of view place.
used_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 8 AND key IN (SELECT process_id FROM within) LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'accesses'
  ORDER BY part
),
changed_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 9 AND key IN (SELECT process_id FROM within) LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'changes'
  ORDER BY part
),
called_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 10 AND key IN (SELECT process_id FROM within) LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'connections'
  ORDER BY part
),
runs_called_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 19 AND key IN (SELECT process_id FROM within) LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'connection_runs'
  ORDER BY part
),
used AS MATERIALIZED (
  SELECT t.id AS access_id
  FROM used_in CROSS JOIN accesses t ON t.id >= part << 10 AND t.id < (part + 1) << 10
  WHERE t.process IN (SELECT process_id FROM within)
),
changed AS MATERIALIZED (
  SELECT t.id AS change_id
  FROM changed_in CROSS JOIN changes t ON t.id >= part << 10 AND t.id < (part + 1) << 10
  WHERE t.process IN (SELECT process_id FROM within)
),
asked AS MATERIALIZED (
  SELECT 0 AS run, t.id
  FROM called_in CROSS JOIN connections t ON t.id >= part << 10 AND t.id < (part + 1) << 10
  WHERE t.client IN (SELECT process_id FROM within)
    AND t.server NOT IN (SELECT process_id FROM within)
  UNION ALL
  SELECT 1, t.id
  FROM runs_called_in
    CROSS JOIN connection_runs t ON t.id >= part << 10 AND t.id < (part + 1) << 10
  WHERE t.client IN (SELECT process_id FROM within)
    AND t.server NOT IN (SELECT process_id FROM within)
),
written AS MATERIALIZED (
  SELECT a.file_id, a.path, a.first
  FROM used CROSS JOIN file_wrote a ON a.access_id = used.access_id
  UNION ALL
  SELECT c.file_id, c.new_path, c.ts
  FROM changed CROSS JOIN name_change c ON c.change_id = changed.change_id
  WHERE c.op IN ('rename', 'link') AND c.error IS NULL
),
chosen AS MATERIALIZED (
  SELECT 16 AS kind, executable_id AS key FROM program
  WHERE file_id IN (SELECT file_id FROM written)
  UNION ALL
  SELECT 24, script_id FROM script WHERE script IN (SELECT path FROM written)
),
executed_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind IN (16, 24) AND key IN (SELECT key FROM chosen) LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'executions'
  ORDER BY part
),
again AS MATERIALIZED (
  SELECT t.id, t.ts, t.process, t.file, (SELECT value FROM strings WHERE id = t.script) AS script
  FROM executed_in CROSS JOIN executions t ON t.id >= part << 10 AND t.id < (part + 1) << 10
  WHERE (t.executable IN (SELECT key FROM chosen WHERE kind = 16)
      OR t.script IN (SELECT key FROM chosen WHERE kind = 24))
    AND t.error IS NULL AND t.live IS NULL
),
later AS MATERIALIZED (
  SELECT DISTINCT e.process AS process_id
  FROM written w CROSS JOIN again e ON e.ts >= w.first AND (e.file = w.file_id OR e.script = w.path)
  WHERE e.process NOT IN (SELECT process_id FROM within)
),
beyond AS MATERIALIZED (
  SELECT process_id FROM later
  UNION
  SELECT p.process_id FROM beyond JOIN process p ON p.parent_id = beyond.process_id
  LIMIT 50000
),
ran_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 15
      AND key IN (SELECT process_id FROM within UNION SELECT process_id FROM beyond) LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'executions'
  ORDER BY part
),
ran AS MATERIALIZED (
  SELECT t.id, t.process
  FROM ran_in CROSS JOIN executions t ON t.id >= part << 10 AND t.id < (part + 1) << 10
  WHERE t.process IN (SELECT process_id FROM within UNION SELECT process_id FROM beyond)
),
became_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 17 AND key IN (SELECT process_id FROM within) LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'credentials'
  ORDER BY part
),
became AS MATERIALIZED (
  SELECT t.id
  FROM became_in CROSS JOIN credentials t ON t.id >= part << 10 AND t.id < (part + 1) << 10
  WHERE t.process IN (SELECT process_id FROM within)
),
did AS MATERIALIZED (
  SELECT e.ts, e.process_id, e.execution_id,
    iif(session = CAST(:session AS INTEGER), 'ran', 'ran outside of it') AS what,
    coalesce(nullif(argv, ''), exe) AS object
  FROM ran CROSS JOIN execution e ON e.execution_id = ran.id
  WHERE error IS NULL AND ran.process IN (SELECT process_id FROM within)
  UNION ALL
  SELECT e.ts, e.process_id, e.execution_id, 'ran what it wrote',
    coalesce(nullif(argv, ''), exe)
  FROM ran CROSS JOIN execution e ON e.execution_id = ran.id
  WHERE error IS NULL AND ran.process IN (SELECT process_id FROM beyond)
  UNION ALL
  SELECT c.ts, c.process_id, c.execution_id, 'became', 'uid ' || euid_to || ' by ' || cause
  FROM became CROSS JOIN credential c ON c.credential_id = became.id
  WHERE euid_from <> euid_to
  UNION ALL
  SELECT c.started, c.client_id, c.client_execution_id,
    'asked',
    coalesce((SELECT coalesce(p.exe, p.comm) FROM process p WHERE p.process_id = c.server_id)
      || ' at ', '') || coalesce(c.server_name, c.dialled_addr || ' ' || c.dialled_port, '')
  FROM asked CROSS JOIN talk_act c ON c.connection_id = asked.id
  WHERE NOT asked.run
  UNION ALL
  SELECT c.started, c.client_id, c.client_execution_id,
    'asked',
    coalesce((SELECT coalesce(p.exe, p.comm) FROM process p WHERE p.process_id = c.server_id)
      || ' at ', '') || coalesce(c.server_name, c.dialled_addr || ' ' || c.dialled_port, '')
  FROM asked CROSS JOIN talk_of_run_act c ON c.run_id = asked.id
  WHERE asked.run
)
SELECT
  strftime('%Y-%m-%dT%H:%M:%SZ', d.ts / 1000000000, 'unixepoch') AS at,
  (SELECT p.pid FROM process p WHERE p.process_id = d.process_id) AS pid,
  (SELECT p.euid FROM process p WHERE p.process_id = d.process_id) AS euid,
  (SELECT image.exe FROM image WHERE image.execution_id = d.execution_id) AS exe,
  d.what, d.object, d.process_id
FROM did d
WHERE d.ts BETWEEN :since AND :until
ORDER BY d.ts
LIMIT 10000
