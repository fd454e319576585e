-- SPDX-License-Identifier: GPL-2.0-only
-- Credential changes that nothing legitimate made. Each is worth a look: kith show
-- '#' with the process_id. exe is what the process ran then: became-root.sql says how
-- that is found.
WITH RECURSIVE
asked AS MATERIALIZED (
  SELECT process_id, ts FROM credential
  WHERE unexplained AND ts BETWEEN :since AND :until
),
line AS MATERIALIZED (
  SELECT process_id, ts, process_id AS ancestor_id, ts AS before, 0 AS depth FROM asked
  UNION ALL
  SELECT line.process_id, line.ts, p.creator_id, p.started, depth + 1
  FROM line JOIN process p ON p.process_id = ancestor_id
  WHERE depth < 4 AND p.creator_id IS NOT NULL
),
-- The latest is the right one, since a process executes after its birth.
ran AS MATERIALIZED (
  SELECT line.process_id, line.ts, max(image.execution_id) AS execution_id
  FROM line
  CROSS JOIN image ON image.process_id = line.ancestor_id AND image.ts <= line.before
  GROUP BY line.process_id, line.ts
)
SELECT
  strftime('%Y-%m-%dT%H:%M:%SZ', c.ts / 1000000000, 'unixepoch') AS at,
  c.process_id, p.pid,
  iif(ran.execution_id, (SELECT image.exe FROM image
    WHERE image.execution_id = ran.execution_id), p.exe) AS exe,
  c.uid_from, c.uid_to, c.euid_from, c.euid_to,
  printf('%x', c.caps_from) AS caps_from, printf('%x', c.caps_to) AS caps_to
FROM credential c
LEFT JOIN process p USING (process_id)
LEFT JOIN ran ON ran.process_id = c.process_id AND ran.ts = c.ts
WHERE c.unexplained AND c.ts BETWEEN :since AND :until
ORDER BY c.ts
