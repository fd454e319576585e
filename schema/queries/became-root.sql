-- SPDX-License-Identifier: GPL-2.0-only
-- Who became root, and how. A daemon of root's that takes root's place again is
-- not meant: its real user was root all the time. exe, argv and started_by are what
-- the process and its parent ran then, and not what they went on to run.
WITH RECURSIVE
change AS MATERIALIZED (
  SELECT c.ts, p.pid, c.uid_from, c.cause, c.unexplained, c.process_id, p.parent_id,
    p.started, p.exe, p.argv, p.loginuid
  FROM credential c
  JOIN process p USING (process_id)
  WHERE c.uid_from <> 0 AND c.euid_from <> 0 AND c.euid_to = 0
    AND c.ts BETWEEN :since AND :until
),
asked AS MATERIALIZED (
  SELECT process_id, ts FROM change UNION SELECT parent_id, started FROM change
),
-- Who has executed nothing since his birth runs what his creator did: look at those
-- too, but not for ever.
line AS MATERIALIZED (
  SELECT process_id, ts, process_id AS ancestor_id, ts AS before, 0 AS depth FROM asked
  UNION ALL
  SELECT line.process_id, line.ts, p.creator_id, p.started, depth + 1
  FROM line JOIN process p ON p.process_id = ancestor_id
  WHERE depth < 4 AND p.creator_id IS NOT NULL
),
-- No index leads to the images of a process: one pass through all of them. The latest
-- is the right one, since a process executes after its birth.
ran AS MATERIALIZED (
  SELECT line.process_id, line.ts, max(image.execution_id) AS execution_id
  FROM image
  CROSS JOIN line ON line.ancestor_id = image.process_id AND line.before >= image.ts
  GROUP BY line.process_id, line.ts
)
SELECT
  strftime('%Y-%m-%dT%H:%M:%SZ', change.ts / 1000000000, 'unixepoch') AS at,
  change.pid, change.uid_from AS was, change.cause,
  iif(own.execution_id, (SELECT image.exe FROM image
    WHERE image.execution_id = own.execution_id), change.exe) AS exe,
  iif(own.execution_id, (SELECT image.argv FROM image
    WHERE image.execution_id = own.execution_id), change.argv) AS argv,
  iif(parents.execution_id, (SELECT image.argv FROM image
    WHERE image.execution_id = parents.execution_id), (SELECT p.argv FROM process p
    WHERE p.process_id = change.parent_id)) AS started_by,
  change.loginuid AS login, change.unexplained
FROM change
LEFT JOIN ran own ON own.process_id = change.process_id AND own.ts = change.ts
LEFT JOIN ran parents ON parents.process_id = change.parent_id
  AND parents.ts = change.started
ORDER BY change.ts
