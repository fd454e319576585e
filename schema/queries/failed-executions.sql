-- SPDX-License-Identifier: GPL-2.0-only
-- Executions that failed, most often: typing errors, or somebody trying doors.
-- error is an errno: 2 no such file, 8 not executable, 13 not permitted. tried_by is
-- what the process ran that tried: became-root.sql says how that is found.
WITH RECURSIVE
asked AS MATERIALIZED (
  SELECT DISTINCT process_id, ts FROM execution
  WHERE error IS NOT NULL AND ts BETWEEN :since AND :until
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
SELECT failed.uid, failed.error, failed.exe, count(*) AS times,
  iif(ran.execution_id, (SELECT image.exe FROM image
    WHERE image.execution_id = ran.execution_id), (SELECT p.exe FROM process p
    WHERE p.process_id = failed.process_id)) AS tried_by
FROM execution failed
LEFT JOIN ran ON ran.process_id = failed.process_id AND ran.ts = failed.ts
WHERE failed.error IS NOT NULL AND failed.ts BETWEEN :since AND :until
GROUP BY failed.uid, failed.error, failed.exe, tried_by
ORDER BY times DESC
