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
