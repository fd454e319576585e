-- SPDX-License-Identifier: GPL-2.0-only
-- Who started what, as whom, and who had logged in to do it. started_by is what the
-- parent ran then: became-root.sql says how that is found.
WITH RECURSIVE
asked AS MATERIALIZED (
  SELECT DISTINCT parent_id AS process_id, ts FROM execution
  WHERE error IS NULL AND parent_id IS NOT NULL AND ts BETWEEN :since AND :until
),
line AS MATERIALIZED (
  SELECT process_id, ts, process_id AS ancestor_id, ts AS before, 0 AS depth FROM asked
  UNION ALL
  SELECT line.process_id, line.ts, p.creator_id, p.started, depth + 1
  FROM line JOIN process p ON p.process_id = ancestor_id
  WHERE depth < 4 AND p.creator_id IS NOT NULL
),
ran AS MATERIALIZED (
  SELECT line.process_id, line.ts, max(image.execution_id) AS execution_id
  FROM image
  CROSS JOIN line ON line.ancestor_id = image.process_id AND line.before >= image.ts
  GROUP BY line.process_id, line.ts
)
SELECT
  strftime('%Y-%m-%dT%H:%M:%SZ', started.ts / 1000000000, 'unixepoch') AS at,
  started.loginuid AS login, started.uid, started.euid,
  iif(ran.execution_id, (SELECT image.exe FROM image
    WHERE image.execution_id = ran.execution_id), (SELECT coalesce(p.exe, p.comm) FROM process p
    WHERE p.process_id = started.parent_id)) AS started_by,
  started.exe, started.argv, started.script
FROM execution started
LEFT JOIN ran ON ran.process_id = started.parent_id AND ran.ts = started.ts
WHERE started.error IS NULL AND started.ts BETWEEN :since AND :until
ORDER BY started.ts
