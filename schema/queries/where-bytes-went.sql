-- SPDX-License-Identifier: GPL-2.0-only
-- Where what was in a file can have gone: who read it, who had from him whatever he sent or
-- wrote after that, and so on, and which of them talked to other machines then: kith sql
-- --set path=/etc/shadow. In the order of time, at most 100,000 steps. As with kith trace,
-- which is quicker and draws the way, each step says that it can be so, not that it was.
WITH RECURSIVE
meant AS MATERIALIZED (
  SELECT file_id FROM file_access WHERE path = :path AND file_id IS NOT NULL
  UNION
  SELECT file_id FROM file_change WHERE :path IN (path, new_path) AND file_id IS NOT NULL
),
edge AS MATERIALIZED (
  SELECT source_id, target_id, via, object, first, last, bytes FROM flow
  WHERE first <= :until
),
reader AS MATERIALIZED (
  SELECT process_id, first, path, bytes_read FROM file_access
  WHERE file_id IN (SELECT file_id FROM meant) AND (reads OR mapped) AND NOT executed
    AND first BETWEEN :since AND :until
),
reached AS MATERIALIZED (
  SELECT first AS ts, process_id, NULL AS from_id, 'file' AS via, path AS object,
    bytes_read AS bytes
  FROM reader
  UNION
  SELECT max(reached.ts, edge.first), edge.target_id, edge.source_id, edge.via, edge.object,
    edge.bytes
  FROM reached JOIN edge ON edge.source_id = reached.process_id
  WHERE edge.last >= reached.ts OR edge.last IS NULL
  ORDER BY 1
  LIMIT 100000
),
since AS MATERIALIZED (
  SELECT process_id, min(ts) AS ts FROM reached GROUP BY process_id
),
away AS MATERIALIZED (
  SELECT max(c.started, (SELECT since.ts FROM since WHERE since.process_id = c.process_id))
      AS ts,
    c.process_id, c.protocol AS via, coalesce(c.server_addr || ' ' || c.server_port, '')
      AS object, c.sent AS bytes
  FROM connection_end c
  WHERE c.process_id IN (SELECT process_id FROM since) AND c.scope IN ('private', 'public')
    AND c.sent > 0 AND c.started <= :until AND (c.ended IS NULL OR c.ended >=
      (SELECT since.ts FROM since WHERE since.process_id = c.process_id))
),
step AS MATERIALIZED (
  SELECT min(ts) AS ts, process_id, from_id, via, object, bytes FROM reached
  GROUP BY process_id, from_id, via, object
  UNION ALL
  SELECT ts, NULL, process_id, via, object, bytes FROM away
)
SELECT
  strftime('%Y-%m-%dT%H:%M:%SZ', s.ts / 1000000000, 'unixepoch') AS at,
  (SELECT coalesce(p.exe, p.comm) FROM process p WHERE p.process_id = s.from_id) AS source,
  s.via, s.object, s.bytes,
  iif(s.process_id IS NULL, 'another machine',
    (SELECT coalesce(p.exe, p.comm) FROM process p WHERE p.process_id = s.process_id))
    AS target,
  s.from_id AS source_id, s.process_id AS target_id
FROM step s
ORDER BY s.ts, s.process_id
