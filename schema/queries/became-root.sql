-- SPDX-License-Identifier: GPL-2.0-only
-- Who became root, and how. A daemon of root's that takes root's place again is
-- not meant: its real user was root all the time. exe, argv and started_by are what
-- the process and its parent ran then, and not what they went on to run. The first 10,000 are
-- shown: --since goes on from the last of them.
WITH RECURSIVE
change AS MATERIALIZED (
  SELECT c.ts, p.pid, c.uid_from, c.cause, c.unexplained, c.process_id, p.parent_id,
    p.started, p.exe, p.argv, p.loginuid
  FROM credentials r
  CROSS JOIN credential c ON c.credential_id = r.id
  JOIN process p USING (process_id)
  WHERE r.after IN (SELECT id FROM credential_sets WHERE euid = 0)
    AND r.before IN (SELECT id FROM credential_sets WHERE uid <> 0 AND euid <> 0)
    AND r.ts BETWEEN :since AND :until
  ORDER BY r.id
  LIMIT 10000
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
-- The latest is the right one, since a process executes after its birth.
ran AS MATERIALIZED (
  SELECT line.process_id, line.ts, max(image.execution_id) AS execution_id
  FROM line
  CROSS JOIN image ON image.process_id = line.ancestor_id AND image.ts <= line.before
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
