-- SPDX-License-Identifier: GPL-2.0-only
-- What a process and all that it has started did with files, by name:
-- kith sql --set process=48211, which is a process_id. Reads of the system's own files are
-- no rows; of those that were counted together the first stands for all. Of a large family
-- those who lived in that time are looked at, the first 10,000 of them, and the
-- first 50,000 things of each kind that they did: --since goes on from there.
WITH RECURSIVE
tree AS MATERIALIZED (
  SELECT CAST(:process AS INTEGER) AS process_id
  UNION
  SELECT p.process_id FROM tree JOIN process p ON p.parent_id = tree.process_id
  ORDER BY 1
  LIMIT 50000
),
-- Of a large family those who lived in that time, the first of them.
alive AS MATERIALIZED (
  SELECT tree.process_id
  FROM tree CROSS JOIN process p ON p.process_id = tree.process_id
  WHERE p.started <= :until AND (p.ended IS NULL OR p.ended >= :since)
  ORDER BY 1
  LIMIT 10000
),
-- Ids grow with time: those that rows of that time can have.
whole AS MATERIALIZED (
  SELECT name, segment_id, first_id, last_id FROM segment
  WHERE (last >= :since OR last IS NULL) AND (first <= :until OR first IS NULL)
),
near AS MATERIALIZED (
  SELECT name, min(first_id) AS first_id, max(last_id) AS last_id FROM whole
  WHERE segment_id < (SELECT min(segment_id) + 64 FROM whole) GROUP BY name
),
-- Each key in each part has a row at least: is it enough without looking further?
enough AS MATERIALIZED (
  SELECT count(*) >= 50000 AS met FROM (SELECT 1 FROM place
    WHERE kind = 8 AND key IN (SELECT process_id FROM alive)
      AND epoch BETWEEN (SELECT first_id >> 16 FROM near WHERE name = 'accesses') + 1
        AND (SELECT last_id >> 16 FROM near WHERE name = 'accesses') - 1 LIMIT 50000)
),
range AS MATERIALIZED (
  SELECT name, min(first_id) AS first_id, max(last_id) AS last_id FROM whole
  WHERE segment_id < (SELECT min(segment_id) + 64 FROM whole) OR NOT (SELECT met FROM enough)
  GROUP BY name
),
-- Where the rows of each table are that tell of them: the kinds of view place.
used_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 8 AND key IN (SELECT process_id FROM alive)
      AND epoch BETWEEN (SELECT first_id >> 16 FROM range WHERE name = 'accesses')
        AND (SELECT last_id >> 16 FROM range WHERE name = 'accesses') LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'accesses'
  ORDER BY part
),
ran_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 15 AND key IN (SELECT process_id FROM alive)
      AND epoch BETWEEN (SELECT first_id >> 16 FROM range WHERE name = 'executions')
        AND (SELECT last_id >> 16 FROM range WHERE name = 'executions') LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'executions'
  ORDER BY part
),
used AS MATERIALIZED (
  SELECT t.id
  FROM used_in CROSS JOIN accesses t ON t.id >= part << 10 AND t.id < (part + 1) << 10
  WHERE t.process IN (SELECT process_id FROM alive)
    AND t.first <= :until AND t.first + t.lasted >= :since
  LIMIT 50000
),
ran AS MATERIALIZED (
  SELECT t.id
  FROM ran_in CROSS JOIN executions t ON t.id >= part << 10 AND t.id < (part + 1) << 10
  WHERE t.process IN (SELECT process_id FROM alive)
    AND t.ts BETWEEN :since AND :until
  LIMIT 50000
),
touched AS MATERIALIZED (
  SELECT process_id, path, first, last, 1 AS files, reads, bytes_read, writes, bytes_written,
    created, executed, sensitive
  FROM used CROSS JOIN file_used f ON f.access_id = used.id
  UNION ALL
  SELECT process_id, exe, e.ts, e.ts, 1, 0, 0, 0, 0, 0, 1, 0
  FROM ran CROSS JOIN execution e ON e.execution_id = ran.id
  WHERE error IS NULL
  UNION ALL
  SELECT process_id, path, first, last, files, reads, bytes_read, 0, 0, 0, 0, 0
  FROM used CROSS JOIN folded_read f ON f.access_id = used.id
)
SELECT
  strftime('%Y-%m-%dT%H:%M:%SZ', min(first) / 1000000000, 'unixepoch') AS at,
  path, max(files) AS files, count(DISTINCT process_id) AS processes, sum(reads) AS reads,
  sum(bytes_read) AS bytes_read, sum(writes) AS writes, sum(bytes_written) AS bytes_written,
  max(created) AS created, max(executed) AS executed, max(sensitive) AS sensitive
FROM touched
WHERE first <= :until AND last >= :since
GROUP BY path
ORDER BY min(first), path
