-- SPDX-License-Identifier: GPL-2.0-only
-- Which addresses outside of this host were talked to for the first time then, by which
-- workload (container, unit, or else program), and how much went there: kith sql --since
-- '7 days ago'. exe and argv are of who was the first. What the database does not go back
-- to it cannot know of: see view account.
WITH
-- Ids grow with time: those that rows of that time can have.
range AS MATERIALIZED (
  SELECT name, min(first_id) AS first_id, max(last_id) AS last_id FROM segment
  WHERE (last >= :since OR last IS NULL) AND (first <= :until OR first IS NULL)
  GROUP BY name
),
-- Who talked to another machine, by the index of those alone; numbers, no names yet.
pair AS MATERIALIZED (
  SELECT route, client, min(id) AS first_id FROM connections
  WHERE flags & 128 AND server IS NULL AND client IS NOT NULL
    AND id <= (SELECT last_id FROM range WHERE name = 'connections')
  GROUP BY route, client
  UNION ALL
  SELECT route, client, min(id) FROM connection_runs
  WHERE flags & 128 AND server IS NULL AND client IS NOT NULL
    AND id <= (SELECT last_id FROM range WHERE name = 'connection_runs')
  GROUP BY route, client
),
labelled AS MATERIALIZED (
  SELECT route, client, first_id, (SELECT coalesce(
      (SELECT k.id FROM containers k WHERE k.id =
        (SELECT x.container FROM contexts x WHERE x.id = p.context)
        AND (k.runtime IS NOT NULL AND k.name IS NOT NULL OR k.unit IS NOT NULL)),
      -(SELECT e.executable FROM executions e WHERE e.id = p.execution))
    FROM processes p WHERE p.id = client) AS workload
  FROM pair
),
begun AS MATERIALIZED (
  SELECT workload, route, min(first_id) AS first_id FROM labelled GROUP BY workload, route
),
endpoint AS MATERIALIZED (
  SELECT l.workload, coalesce(r.dialled_addr, r.server_addr) AS addr, r.protocol,
    coalesce(r.dialled_port, r.server_port) AS port, min(l.first_id) AS first_id
  FROM begun l
  CROSS JOIN routes r ON r.id = l.route
  GROUP BY 1, 2, 3, 4
  HAVING min(l.first_id) >= (SELECT min(first_id) FROM range
    WHERE name IN ('connections', 'connection_runs'))
),
fresh AS MATERIALIZED (
  SELECT l.route, l.client, e.workload, e.addr, e.protocol, e.port
  FROM labelled l
  CROSS JOIN routes r ON r.id = l.route
  CROSS JOIN endpoint e ON e.workload IS l.workload
    AND e.addr IS coalesce(r.dialled_addr, r.server_addr) AND e.protocol = r.protocol
    AND e.port IS coalesce(r.dialled_port, r.server_port)
  WHERE l.first_id >= (SELECT min(first_id) FROM range
    WHERE name IN ('connections', 'connection_runs'))
),
talk AS MATERIALIZED (
  SELECT f.*, c.started, c.flags, c.to_server AS sent, c.to_client AS received
  FROM fresh f
  CROSS JOIN connections c ON c.route = f.route AND c.client = f.client
  WHERE c.flags & 128 AND c.server IS NULL AND c.started <= :until
  UNION ALL
  SELECT f.*, t.started, t.flags, t.to_server, t.to_client
  FROM fresh f
  CROSS JOIN connection_runs c ON c.route = f.route AND c.client = f.client
  CROSS JOIN conversation_of_run t ON t.run = c.id
  WHERE c.flags & 128 AND c.server IS NULL AND t.started <= :until
),
-- Who was the first: SQLite takes client from the row of the least `started`.
total AS MATERIALIZED (
  SELECT workload, addr, protocol, port, client, min(started) AS started,
    flags >> 6 & 3 AS scope, count(*) AS times, sum(flags >> 2 & 1) AS established,
    sum(sent) AS sent, sum(received) AS received
  FROM talk
  GROUP BY workload, addr, protocol, port
  HAVING min(started) >= :since
)
SELECT
  strftime('%Y-%m-%dT%H:%M:%SZ', t.started / 1000000000, 'unixepoch') AS first,
  iif(t.workload > 0, (SELECT iif(k.runtime IS NOT NULL, coalesce(k.name, k.unit), k.unit)
      FROM container k WHERE k.container_id = t.workload),
    (SELECT nullif(path, '') FROM executables WHERE id = -t.workload)) AS workload,
  t.addr, (SELECT name FROM protocols WHERE id = t.protocol) AS protocol, t.port,
  iif(t.scope = 2, 'private', 'public') AS scope, t.times, t.established, t.sent, t.received,
  (SELECT i.exe FROM image i WHERE i.process_id = t.client AND i.ts <= t.started
    ORDER BY i.execution_id DESC LIMIT 1) AS exe,
  (SELECT i.argv FROM image i WHERE i.process_id = t.client AND i.ts <= t.started
    ORDER BY i.execution_id DESC LIMIT 1) AS argv,
  t.client AS process_id
FROM total t
ORDER BY t.started, workload
