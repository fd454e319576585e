-- SPDX-License-Identifier: GPL-2.0-only
-- A login session and what it caused: what ran in it, as whomever by then (sudo, su), what
-- these have started, also outside of it, what ran later that they had written (jobs of
-- cron and at), and whom on this host they asked to do something (docker exec):
-- kith sql --set session=3, an audit session as view process has it. Who was asked may
-- have done more for them than he was asked to: kith trace goes on from there.
WITH RECURSIVE
everybody AS MATERIALIZED (
  SELECT process_id, parent_id, session FROM process
),
within AS MATERIALIZED (
  SELECT process_id FROM everybody WHERE session = CAST(:session AS INTEGER)
  UNION
  SELECT everybody.process_id
  FROM within JOIN everybody ON everybody.parent_id = within.process_id
),
written AS MATERIALIZED (
  SELECT file_id, path, first FROM file_access
  WHERE process_id IN (SELECT process_id FROM within) AND (writes OR mapped_writable)
  UNION ALL
  SELECT file_id, new_path, ts FROM file_change
  WHERE process_id IN (SELECT process_id FROM within) AND op IN ('rename', 'link')
    AND error IS NULL
),
later AS MATERIALIZED (
  SELECT e.process_id FROM execution e
  CROSS JOIN written ON written.file_id = e.file_id AND written.first <= e.ts
  WHERE e.error IS NULL AND e.process_id NOT IN (SELECT process_id FROM within)
  UNION
  SELECT e.process_id FROM execution e
  CROSS JOIN written ON written.path = e.script AND written.first <= e.ts
  WHERE e.error IS NULL AND e.process_id NOT IN (SELECT process_id FROM within)
),
beyond AS MATERIALIZED (
  SELECT process_id FROM later
  UNION
  SELECT everybody.process_id
  FROM beyond JOIN everybody ON everybody.parent_id = beyond.process_id
),
did AS MATERIALIZED (
  SELECT ts, process_id, execution_id,
    iif(session = CAST(:session AS INTEGER), 'ran', 'ran outside of it') AS what,
    coalesce(nullif(argv, ''), exe) AS object
  FROM execution
  WHERE process_id IN (SELECT process_id FROM within) AND error IS NULL
  UNION ALL
  SELECT ts, process_id, execution_id, 'ran what it wrote', coalesce(nullif(argv, ''), exe)
  FROM execution
  WHERE process_id IN (SELECT process_id FROM beyond) AND error IS NULL
  UNION ALL
  SELECT ts, process_id, execution_id, 'became', 'uid ' || euid_to || ' by ' || cause
  FROM credential
  WHERE process_id IN (SELECT process_id FROM within) AND euid_from <> euid_to
  UNION ALL
  SELECT c.started, c.process_id, c.execution_id, 'asked',
    coalesce((SELECT coalesce(p.exe, p.comm) FROM process p WHERE p.process_id = c.peer_id)
      || ' at ', '') || coalesce(c.server_name, c.server_addr || ' ' || c.server_port, '')
  FROM connection_end c
  WHERE c.process_id IN (SELECT process_id FROM within) AND c.side = 'client'
    AND c.peer_id NOT IN (SELECT process_id FROM within)
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
