-- SPDX-License-Identifier: GPL-2.0-only
-- Executions that failed, most often: typing errors, or somebody trying doors.
-- error is an errno: 2 no such file, 8 not executable, 13 not permitted. tried_by is
-- what the process ran that tried: became-root.sql says how that is found.
WITH RECURSIVE
-- Ids grow with time: those that rows of that time can have.
range AS MATERIALIZED (
  SELECT name, min(first_id) AS first_id, max(last_id) AS last_id FROM segment
  WHERE (last >= :since OR last IS NULL) AND (first <= :until OR first IS NULL)
  GROUP BY name
),
failed_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 22 AND key = 0
      AND epoch BETWEEN (SELECT first_id >> 16 FROM range WHERE name = 'executions')
        AND (SELECT last_id >> 16 FROM range WHERE name = 'executions') LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'executions'
  ORDER BY part
),
failure AS MATERIALIZED (
  SELECT t.id
  FROM failed_in CROSS JOIN executions t ON t.id >= part << 10 AND t.id < (part + 1) << 10
  WHERE t.error IS NOT NULL
    AND t.ts BETWEEN :since AND :until
),
asked AS MATERIALIZED (
  SELECT DISTINCT e.process_id, e.ts
  FROM failure CROSS JOIN execution e ON e.execution_id = failure.id
  WHERE e.ts BETWEEN :since AND :until
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
SELECT failed.uid, failed.error, failed.exe, count(*) AS times,
  iif(ran.execution_id, (SELECT image.exe FROM image
    WHERE image.execution_id = ran.execution_id), (SELECT p.exe FROM process p
    WHERE p.process_id = failed.process_id)) AS tried_by
FROM failure
CROSS JOIN execution failed ON failed.execution_id = failure.id
LEFT JOIN ran ON ran.process_id = failed.process_id AND ran.ts = failed.ts
WHERE failed.ts BETWEEN :since AND :until
GROUP BY failed.uid, failed.error, failed.exe, tried_by
ORDER BY times DESC
