-- SPDX-License-Identifier: GPL-2.0-only
-- Who started what, as whom, and who had logged in to do it. started_by is what the
-- parent ran then: became-root.sql says how that is found. The first 10,000 are shown: --since
-- goes on from the last of them.
WITH RECURSIVE
-- Ids grow with time: those that rows of that time can have.
range AS MATERIALIZED (
  SELECT name, min(first_id) AS first_id, max(last_id) AS last_id FROM segment
  WHERE (last >= :since OR last IS NULL) AND (first <= :until OR first IS NULL)
  GROUP BY name
),
started AS MATERIALIZED (
  SELECT id, ts, parent FROM executions
  WHERE error IS NULL AND live IS NULL AND ts BETWEEN :since AND :until
    AND id BETWEEN (SELECT first_id FROM range WHERE name = 'executions')
    AND (SELECT last_id FROM range WHERE name = 'executions')
  ORDER BY id
  LIMIT 10000
),
asked AS MATERIALIZED (
  SELECT DISTINCT parent AS process_id, ts FROM started WHERE parent IS NOT NULL
),
-- From the last image back to the one that a process had then.
walk AS (
  SELECT a.process_id, a.ts, p.execution_id
  FROM asked a JOIN process p USING (process_id)
  WHERE p.execution_id IS NOT NULL
  UNION ALL
  SELECT walk.process_id, walk.ts, i.previous_id
  FROM walk JOIN image i ON i.execution_id = walk.execution_id
  WHERE i.ts > walk.ts AND NOT i.found AND i.previous_id IS NOT NULL
),
ran AS MATERIALIZED (
  SELECT process_id, ts, min(execution_id) AS execution_id FROM walk GROUP BY process_id, ts
)
SELECT
  strftime('%Y-%m-%dT%H:%M:%SZ', e.ts / 1000000000, 'unixepoch') AS at,
  e.loginuid AS login, e.uid, e.euid,
  iif(ran.execution_id, (SELECT image.exe FROM image
    WHERE image.execution_id = ran.execution_id), (SELECT coalesce(p.exe, p.comm) FROM process p
    WHERE p.process_id = e.parent_id)) AS started_by,
  e.exe, e.argv, e.script
FROM started
CROSS JOIN execution e ON e.execution_id = started.id
LEFT JOIN ran ON ran.process_id = e.parent_id AND ran.ts = e.ts
ORDER BY e.ts
