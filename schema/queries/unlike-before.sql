-- SPDX-License-Identifier: GPL-2.0-only
-- How that time differs from the 30 days before it: what each program ran, whom it talked
-- to, below which directories it wrote, and what each user ran, the rarest first:
-- kith sql --since today. before is how often it was so, of so many times (of) that the
-- same one did such a thing; what it never did though it did much is on top. The first
-- 1,000 are shown.
WITH
habit AS MATERIALIZED (
  SELECT 'runs' AS does,
    coalesce((SELECT coalesce(p.exe, p.comm) FROM process p WHERE p.process_id = e.parent_id),
      'not known') AS who,
    e.exe AS what, sum(e.ts < :since) AS before, sum(e.ts >= :since) AS now,
    min(iif(e.ts >= :since, e.ts, NULL)) AS first, max(e.process_id) AS process_id
  FROM execution e
  WHERE e.error IS NULL AND e.ts BETWEEN :since - 2592000000000000 AND :until
  GROUP BY who, what
  UNION ALL
  SELECT 'is who runs', coalesce('uid ' || e.euid, 'not known') AS who, e.exe AS what, sum(e.ts < :since),
    sum(e.ts >= :since), min(iif(e.ts >= :since, e.ts, NULL)), max(e.process_id)
  FROM execution e
  WHERE e.error IS NULL AND e.ts BETWEEN :since - 2592000000000000 AND :until
  GROUP BY who, what
  UNION ALL
  SELECT 'talks to',
    coalesce((SELECT image.exe FROM image WHERE image.execution_id = c.execution_id),
      'not known') AS who,
    coalesce(c.server_name, c.server_addr || ' ' || c.protocol || ' ' || c.server_port) AS what,
    sum(c.started < :since), sum(c.started >= :since),
    min(iif(c.started >= :since, c.started, NULL)), max(c.process_id)
  FROM connection_end c
  WHERE c.side = 'client' AND c.started BETWEEN :since - 2592000000000000 AND :until
  GROUP BY who, what
  UNION ALL
  SELECT 'writes below',
    coalesce((SELECT image.exe FROM image WHERE image.execution_id = a.execution_id),
      'not known') AS who,
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
  strftime('%Y-%m-%dT%H:%M:%SZ', habit.first / 1000000000, 'unixepoch') AS first,
  habit.who, habit.does, habit.what, habit.now AS times, habit.before, whole.before AS of,
  habit.process_id
FROM habit
CROSS JOIN whole ON whole.does = habit.does AND whole.who = habit.who
WHERE habit.now > 0
ORDER BY (habit.before + 1.0) / (whole.before + 2.0), habit.first
LIMIT 1000
