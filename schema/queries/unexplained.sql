-- SPDX-License-Identifier: GPL-2.0-only
-- Credential changes that nothing legitimate made. Each is worth a look: kith show
-- '#' with the process_id. exe is what the process ran then: became-root.sql says how
-- that is found.
WITH RECURSIVE
-- Ids grow with time: those that rows of that time can have.
range AS MATERIALIZED (
  SELECT name, min(first_id) AS first_id, max(last_id) AS last_id FROM segment
  WHERE (last >= :since OR last IS NULL) AND (first <= :until OR first IS NULL)
  GROUP BY name
),
changed_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 29 AND key = 0
      AND epoch BETWEEN (SELECT first_id >> 16 FROM range WHERE name = 'credentials')
        AND (SELECT last_id >> 16 FROM range WHERE name = 'credentials') LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'credentials'
  ORDER BY part
),
changed AS MATERIALIZED (
  SELECT t.id
  FROM changed_in CROSS JOIN credentials t ON t.id >= part << 10 AND t.id < (part + 1) << 10
  WHERE t.flags & 1
    AND t.ts BETWEEN :since AND :until
),
asked AS MATERIALIZED (
  SELECT DISTINCT c.process_id, c.ts
  FROM changed CROSS JOIN credential c ON c.credential_id = changed.id
  WHERE c.ts BETWEEN :since AND :until
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
  strftime('%Y-%m-%dT%H:%M:%SZ', c.ts / 1000000000, 'unixepoch') AS at,
  c.process_id, p.pid,
  iif(ran.execution_id, (SELECT image.exe FROM image
    WHERE image.execution_id = ran.execution_id), p.exe) AS exe,
  c.uid_from, c.uid_to, c.euid_from, c.euid_to,
  printf('%x', c.caps_from) AS caps_from, printf('%x', c.caps_to) AS caps_to
FROM changed
CROSS JOIN credential c ON c.credential_id = changed.id
LEFT JOIN process p USING (process_id)
LEFT JOIN ran ON ran.process_id = c.process_id AND ran.ts = c.ts
WHERE c.ts BETWEEN :since AND :until
ORDER BY c.ts
