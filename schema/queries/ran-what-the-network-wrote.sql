-- SPDX-License-Identifier: GPL-2.0-only
-- What was executed although a process that talked to other machines had written it: the
-- same file, whatever it was called by then; or a script of that name. Where the data took
-- a way through other processes, see kith trace. The first 10,000 are shown: --since goes on
-- from the last of them.
WITH
-- Ids grow with time: those that rows of that time can have.
range AS MATERIALIZED (
  SELECT name, min(first_id) AS first_id, max(last_id) AS last_id FROM segment
  WHERE (last >= :since OR last IS NULL) AND (first <= :until OR first IS NULL)
  GROUP BY name
),
named AS MATERIALIZED (
  SELECT s.script_id, n.path_id
  FROM script s
  CROSS JOIN path n ON n.ending = substr(s.script, -8) AND n.path = s.script
),
used AS MATERIALIZED (
  SELECT path_id, access_id FROM path_use WHERE path_id IN (SELECT path_id FROM named)
),
-- From what was executed, of which there is little, to who has written it.
written AS MATERIALIZED (
  SELECT p.executable_id, p.file_id, NULL AS script_id, w.access_id, w.process_id, w.first
  FROM program p
  CROSS JOIN file_wrote w ON w.file_id = p.file_id
  UNION ALL
  SELECT NULL, NULL, n.script_id, w.access_id, w.process_id, w.first
  FROM used u
  CROSS JOIN named n ON n.path_id = u.path_id
  CROSS JOIN file_wrote w ON w.access_id = u.access_id
),
-- Conversations that table uses does not have yet.
fresh AS MATERIALIZED (
  SELECT client, server FROM connections
  WHERE id > (SELECT min(last) FROM indexed WHERE kind IN (10, 11)) AND flags & 128
  UNION
  SELECT client, server FROM connections
  WHERE id IN (SELECT id FROM late_use WHERE name = 'connections') AND flags & 128
),
outward AS MATERIALIZED (
  SELECT w.*
  FROM written w
  WHERE EXISTS (SELECT 1 FROM uses u CROSS JOIN connections c ON c.id = u.id
      WHERE u.kind IN (10, 11) AND u.part = 0 AND u.key = w.process_id AND c.flags & 128)
    OR w.process_id IN (SELECT client FROM fresh WHERE client IS NOT NULL)
    OR w.process_id IN (SELECT server FROM fresh WHERE server IS NOT NULL)
    OR EXISTS (SELECT 1 FROM connection_runs c WHERE c.client = w.process_id AND c.flags & 128)
    OR EXISTS (SELECT 1 FROM connection_runs c WHERE c.server = w.process_id AND c.flags & 128)
),
ran AS MATERIALIZED (
  SELECT e.id AS execution_id, w.access_id
  FROM outward w CROSS JOIN executions e ON e.executable = w.executable_id
    AND e.file = w.file_id
  WHERE e.ts >= w.first AND e.error IS NULL AND e.live IS NULL
    AND e.ts BETWEEN :since AND :until
    AND e.id BETWEEN (SELECT first_id FROM range WHERE name = 'executions')
    AND (SELECT last_id FROM range WHERE name = 'executions')
  UNION
  SELECT e.id, w.access_id
  FROM outward w CROSS JOIN executions e ON e.script = w.script_id
  WHERE e.ts >= w.first AND e.error IS NULL AND e.live IS NULL
    AND e.ts BETWEEN :since AND :until
    AND e.id BETWEEN (SELECT first_id FROM range WHERE name = 'executions')
    AND (SELECT last_id FROM range WHERE name = 'executions')
  ORDER BY 1
  LIMIT 10000
)
SELECT
  strftime('%Y-%m-%dT%H:%M:%SZ', e.ts / 1000000000, 'unixepoch') AS at,
  e.process_id, e.uid, e.exe, e.argv, w.path AS written_as, w.bytes_written,
  strftime('%Y-%m-%dT%H:%M:%SZ', w.first / 1000000000, 'unixepoch') AS written_at,
  p.pid AS writer, p.exe AS writer_exe, p.argv AS writer_argv
FROM ran
CROSS JOIN execution e ON e.execution_id = ran.execution_id
CROSS JOIN file_wrote w ON w.access_id = ran.access_id
LEFT JOIN process p ON p.process_id = w.process_id
ORDER BY e.ts, w.first
