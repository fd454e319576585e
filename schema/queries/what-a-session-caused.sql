-- SPDX-License-Identifier: GPL-2.0-only
-- A login session and what it caused: what ran in it, as whomever by then (sudo, su), what
-- these have started, also outside of it, what ran later that they had written (jobs of
-- cron and at), and whom on this host they asked to do something (docker exec):
-- kith sql --set session=3, an audit session as view process has it. Who was asked may
-- have done more for them than he was asked to: kith trace goes on from there. Of a large
-- session the first 50,000 processes are looked at, and the first 10,000 rows are shown.
WITH RECURSIVE
within AS MATERIALIZED (
  SELECT p.id AS process_id
  FROM contexts x CROSS JOIN processes p ON p.context = x.id
  WHERE x.session = CAST(:session AS INTEGER)
  UNION
  SELECT p.process_id FROM within JOIN process p ON p.parent_id = within.process_id
  LIMIT 50000
),
used AS MATERIALIZED (
  SELECT access_id FROM access_by WHERE process_id IN (SELECT process_id FROM within)
),
changed AS MATERIALIZED (
  SELECT change_id FROM change_by WHERE process_id IN (SELECT process_id FROM within)
),
talked AS MATERIALIZED (
  SELECT connection_id FROM client_use WHERE client_id IN (SELECT process_id FROM within)
),
written AS MATERIALIZED (
  SELECT a.file_id, a.path, a.first
  FROM used CROSS JOIN file_wrote a ON a.access_id = used.access_id
  UNION ALL
  SELECT c.file_id, c.new_path, c.ts
  FROM changed CROSS JOIN name_change c ON c.change_id = changed.change_id
  WHERE c.op IN ('rename', 'link') AND c.error IS NULL
),
later AS MATERIALIZED (
  SELECT e.process AS process_id
  FROM program p JOIN written w ON w.file_id = p.file_id
  CROSS JOIN executions e ON e.executable = p.executable_id AND e.file = p.file_id
  WHERE e.ts >= w.first AND e.error IS NULL AND e.live IS NULL
    AND e.process NOT IN (SELECT process_id FROM within)
  UNION
  SELECT e.process
  FROM script s JOIN written w ON w.path = s.script
  CROSS JOIN executions e ON e.script = s.script_id
  WHERE e.ts >= w.first AND e.error IS NULL AND e.live IS NULL
    AND e.process NOT IN (SELECT process_id FROM within)
),
beyond AS MATERIALIZED (
  SELECT process_id FROM later
  UNION
  SELECT p.process_id FROM beyond JOIN process p ON p.parent_id = beyond.process_id
  LIMIT 50000
),
asked AS MATERIALIZED (
  SELECT 0 AS run, c.id FROM talked CROSS JOIN connections c ON c.id = talked.connection_id
  WHERE c.server NOT IN (SELECT process_id FROM within)
  UNION ALL
  SELECT 1, r.id FROM within CROSS JOIN connection_runs r ON r.client = within.process_id
  WHERE r.server NOT IN (SELECT process_id FROM within)
),
did AS MATERIALIZED (
  SELECT e.ts, e.process_id, e.execution_id,
    iif(session = CAST(:session AS INTEGER), 'ran', 'ran outside of it') AS what,
    coalesce(nullif(argv, ''), exe) AS object
  FROM within CROSS JOIN execution e ON e.process_id = within.process_id
  WHERE error IS NULL
  UNION ALL
  SELECT e.ts, e.process_id, e.execution_id, 'ran what it wrote',
    coalesce(nullif(argv, ''), exe)
  FROM beyond CROSS JOIN execution e ON e.process_id = beyond.process_id
  WHERE error IS NULL
  UNION ALL
  SELECT c.ts, c.process_id, c.execution_id, 'became', 'uid ' || euid_to || ' by ' || cause
  FROM within CROSS JOIN credential c ON c.process_id = within.process_id
  WHERE euid_from <> euid_to
  UNION ALL
  SELECT c.started, c.client_id, (SELECT e.execution_id FROM image e
      WHERE e.process_id = c.client_id AND e.ts <= c.started
      ORDER BY e.execution_id DESC LIMIT 1),
    'asked',
    coalesce((SELECT coalesce(p.exe, p.comm) FROM process p WHERE p.process_id = c.server_id)
      || ' at ', '') || coalesce(c.server_name, c.dialled_addr || ' ' || c.dialled_port, '')
  FROM asked CROSS JOIN talk_act c ON c.connection_id = asked.id
  WHERE NOT asked.run
  UNION ALL
  SELECT c.started, c.client_id, (SELECT e.execution_id FROM image e
      WHERE e.process_id = c.client_id AND e.ts <= c.started
      ORDER BY e.execution_id DESC LIMIT 1),
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
