-- SPDX-License-Identifier: GPL-2.0-only
-- What a process and all that it has started did with files, by name:
-- kith sql --set process=48211, which is a process_id. Reads of the system's own files are
-- no rows; of those that were counted together the first stands for all.
WITH RECURSIVE
younger AS MATERIALIZED (
  SELECT process_id, parent_id FROM process WHERE process_id >= CAST(:process AS INTEGER)
),
tree AS MATERIALIZED (
  SELECT CAST(:process AS INTEGER) AS process_id
  UNION
  SELECT younger.process_id FROM tree JOIN younger ON younger.parent_id = tree.process_id
),
touched AS MATERIALIZED (
  SELECT process_id, path, first, last, 1 AS files, reads, bytes_read, writes, bytes_written,
    created, executed, sensitive
  FROM file_access
  WHERE process_id IN (SELECT process_id FROM tree)
  UNION ALL
  SELECT process_id, path, first, last, files, reads, bytes_read, 0, 0, 0, 0, 0
  FROM folded_read
  WHERE process_id IN (SELECT process_id FROM tree)
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
