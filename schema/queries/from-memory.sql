-- SPDX-License-Identifier: GPL-2.0-only
-- Programs that were run without a file on disk: memfd_create(2), deleted files,
-- files on a tmpfs.
WITH
-- Ids grow with time: those that rows of that time can have.
range AS MATERIALIZED (
  SELECT name, min(first_id) AS first_id, max(last_id) AS last_id FROM segment
  WHERE (last >= :since OR last IS NULL) AND (first <= :until OR first IS NULL)
  GROUP BY name
),
executed_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 16
      AND key IN (SELECT id FROM executables WHERE origin IN ('memfd', 'deleted', 'tmpfs'))
      AND epoch BETWEEN (SELECT first_id >> 16 FROM range WHERE name = 'executions')
        AND (SELECT last_id >> 16 FROM range WHERE name = 'executions') LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'executions'
  ORDER BY part
),
ran AS MATERIALIZED (
  SELECT t.id
  FROM executed_in CROSS JOIN executions t ON t.id >= part << 10 AND t.id < (part + 1) << 10
  WHERE t.executable IN (SELECT id FROM executables
    WHERE origin IN ('memfd', 'deleted', 'tmpfs'))
    AND t.ts BETWEEN :since AND :until
)
SELECT
  strftime('%Y-%m-%dT%H:%M:%SZ', e.ts / 1000000000, 'unixepoch') AS at,
  e.process_id, e.uid, e.exe_origin AS origin, e.exe, e.argv
FROM ran
CROSS JOIN execution e ON e.execution_id = ran.id
WHERE e.ts BETWEEN :since AND :until
ORDER BY e.ts
