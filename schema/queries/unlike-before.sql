-- SPDX-License-Identifier: GPL-2.0-only
-- How that time differs from the 30 days before it: what each program ran, whom it talked
-- to, below which directories it wrote, and what each user ran, the rarest first:
-- kith sql --since today. before is how often it was so, of so many times (of) that the
-- same one did such a thing; what it never did though it did much is on top.
WITH
habit AS MATERIALIZED (
  SELECT 'runs' AS does,
    (SELECT coalesce(p.exe, p.comm) FROM process p WHERE p.process_id = e.parent_id) AS who,
    e.exe AS what, sum(e.ts < :since) AS before, sum(e.ts >= :since) AS now,
    min(iif(e.ts >= :since, e.ts, NULL)) AS first, max(e.process_id) AS process_id
  FROM execution e
  WHERE e.error IS NULL AND e.ts BETWEEN :since - 2592000000000000 AND :until
  GROUP BY who, what
  UNION ALL
  SELECT 'is who runs', 'uid ' || e.euid AS who, e.exe AS what, sum(e.ts < :since),
    sum(e.ts >= :since), min(iif(e.ts >= :since, e.ts, NULL)), max(e.process_id)
  FROM execution e
  WHERE e.error IS NULL AND e.ts BETWEEN :since - 2592000000000000 AND :until
  GROUP BY who, what
  UNION ALL
  SELECT 'talks to',
    (SELECT image.exe FROM image WHERE image.execution_id = c.execution_id) AS who,
    coalesce(c.server_name, c.server_addr || ' ' || c.protocol || ' ' || c.server_port) AS what,
    sum(c.started < :since), sum(c.started >= :since),
    min(iif(c.started >= :since, c.started, NULL)), max(c.process_id)
  FROM connection_end c
  WHERE c.side = 'client' AND c.started BETWEEN :since - 2592000000000000 AND :until
  GROUP BY who, what
  UNION ALL
  SELECT 'writes below',
    (SELECT image.exe FROM image WHERE image.execution_id = a.execution_id) AS who,
    rtrim(coalesce(a.new_path, a.path), replace(coalesce(a.new_path, a.path), '/', ''))
      AS what,
    sum(a.ts < :since), sum(a.ts >= :since), min(iif(a.ts >= :since, a.ts, NULL)),
    max(a.process_id)
  FROM file_act a
  WHERE a.op IN ('create', 'write', 'truncate', 'rename', 'link', 'symlink')
    AND a.error IS NULL AND a.ts BETWEEN :since - 2592000000000000 AND :until
  GROUP BY who, what
),
whole AS MATERIALIZED (
  SELECT does, who, sum(before) AS before FROM habit GROUP BY does, who
)
SELECT
  strftime('%Y-%m-%dT%H:%M:%SZ', h.first / 1000000000, 'unixepoch') AS first,
  h.who, h.does, h.what, h.now AS times, h.before,
  (SELECT whole.before FROM whole WHERE whole.does = h.does AND whole.who IS h.who) AS of,
  h.process_id
FROM habit h
WHERE h.now > 0
ORDER BY (h.before + 1.0) / (coalesce((SELECT whole.before FROM whole
  WHERE whole.does = h.does AND whole.who IS h.who), 0) + 2.0), h.first
