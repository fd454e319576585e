-- SPDX-License-Identifier: GPL-2.0-only
-- Which addresses outside of this host were talked to for the first time then, by which
-- workload (container, unit, or else program), and how much went there: kith sql --since
-- '7 days ago'. exe and argv are of who was the first. What the database does not go back
-- to it cannot know of: see view account.
WITH RECURSIVE
-- Ids grow with time: those that rows of that time can have.
range AS MATERIALIZED (
  SELECT name, min(first_id) AS first_id, max(last_id) AS last_id FROM segment
  WHERE (last >= :since OR last IS NULL) AND (first <= :until OR first IS NULL)
  GROUP BY name
),
-- Who talked to another machine then; numbers, no names yet.
outward_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 27
      AND epoch BETWEEN (SELECT first_id >> 16 FROM range WHERE name = 'connections')
        AND (SELECT last_id >> 16 FROM range WHERE name = 'connections') LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'connections'
  ORDER BY part
),
runs_outward_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 28
      AND epoch BETWEEN (SELECT first_id >> 16 FROM range WHERE name = 'connection_runs')
        AND (SELECT last_id >> 16 FROM range WHERE name = 'connection_runs') LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'connection_runs'
  ORDER BY part
),
talked AS MATERIALIZED (
  SELECT t.id, 0 AS run, t.route, t.client
  FROM outward_in CROSS JOIN connections t ON t.id >= part << 10 AND t.id < (part + 1) << 10
  WHERE t.flags & 128 AND t.client IS NOT NULL AND t.server IS NULL
    AND t.started <= :until
      AND (t.started + t.lasted >= :since OR t.lasted IS NULL)
  UNION ALL
  SELECT t.id, 1, t.route, t.client
  FROM runs_outward_in
    CROSS JOIN connection_runs t ON t.id >= part << 10 AND t.id < (part + 1) << 10
  WHERE t.flags & 128 AND t.client IS NOT NULL AND t.server IS NULL
    AND t.started <= :until AND t.ended >= :since
),
met AS MATERIALIZED (
  SELECT DISTINCT route, client FROM talked
),
labelled AS MATERIALIZED (
  SELECT a.route, a.client, (SELECT coalesce(
      (SELECT k.id FROM containers k WHERE k.id =
        (SELECT x.container FROM contexts x WHERE x.id = p.context)
        AND (k.runtime IS NOT NULL AND k.name IS NOT NULL OR k.unit IS NOT NULL)),
      -(SELECT e.executable FROM executions e WHERE e.id = p.execution))
    FROM processes p WHERE p.id = a.client) AS workload,
    coalesce(r.dialled_addr, r.server_addr) AS addr, r.protocol,
    coalesce(r.dialled_port, r.server_port) AS port
  FROM met a
  CROSS JOIN routes r ON r.id = a.route
),
endpoint AS MATERIALIZED (
  SELECT row_number() OVER () AS number, addr, protocol, port
  FROM (SELECT DISTINCT addr, protocol, port FROM labelled)
),
-- The same endpoints under whatever number, and who talked to them at any time.
route AS MATERIALIZED (
  SELECT r.id, n.number
  FROM routes r
  CROSS JOIN endpoint n ON n.addr = coalesce(r.dialled_addr, r.server_addr)
    AND n.protocol = r.protocol AND n.port IS coalesce(r.dialled_port, r.server_port)
),
-- and whether before: ids grow with time, so that few have to be looked at. A row that is not
-- there any more was dropped for its age.
ever AS MATERIALIZED (
  SELECT q.key AS route, q.other AS client
  FROM pairs q
  WHERE q.kind = 33 AND +q.key IN (SELECT id FROM route)
    AND (q.first < (SELECT first_id FROM range WHERE name = 'connections') OR
      ifnull((SELECT started FROM connections WHERE id = q.first) < :since, 1))
  UNION ALL
  SELECT q.key, q.other
  FROM pairs q
  WHERE q.kind = 34 AND +q.key IN (SELECT id FROM route)
    AND (q.first < (SELECT first_id FROM range WHERE name = 'connection_runs') OR
      ifnull((SELECT started FROM connection_runs WHERE id = q.first) < :since, 1))
  UNION ALL
  SELECT route, client FROM connections
  WHERE id > (SELECT last FROM placed WHERE name = 'connections') AND flags & 128
    AND client IS NOT NULL AND server IS NULL AND started < :since
  UNION ALL
  SELECT route, client FROM connection_runs
  WHERE id > (SELECT last FROM placed WHERE name = 'connection_runs') AND flags & 128
    AND client IS NOT NULL AND server IS NULL AND started < :since
),
once AS MATERIALIZED (
  SELECT r.number, v.client
  FROM ever v
  CROSS JOIN route r ON r.id = v.route
),
wanted AS MATERIALIZED (
  SELECT DISTINCT l.workload, n.number, n.addr, n.protocol, n.port
  FROM labelled l
  CROSS JOIN endpoint n ON n.addr = l.addr AND n.protocol = l.protocol AND n.port IS l.port
),
unknown AS MATERIALIZED (
  SELECT * FROM wanted w
  WHERE NOT EXISTS (
    SELECT 1
    FROM once o
    CROSS JOIN processes p ON p.id = o.client
    WHERE o.number = w.number
      AND w.workload IS coalesce(
        (SELECT k.id FROM containers k WHERE k.id =
          (SELECT x.container FROM contexts x WHERE x.id = p.context)
          AND (k.runtime IS NOT NULL AND k.name IS NOT NULL OR k.unit IS NOT NULL)),
        -(SELECT e.executable FROM executions e WHERE e.id = p.execution)))
),
novel AS MATERIALIZED (
  SELECT l.route, l.client, l.workload, l.addr, l.protocol, l.port
  FROM labelled l
  CROSS JOIN unknown u ON u.addr IS l.addr AND u.workload IS l.workload
    AND u.protocol = l.protocol AND u.port IS l.port
),
talk AS MATERIALIZED (
  SELECT f.*, c.started, c.flags, c.to_server AS sent, c.to_client AS received,
    a.client_execution_id AS execution_id
  FROM talked h
  CROSS JOIN novel f ON f.route = h.route AND f.client = h.client
  CROSS JOIN connections c ON c.id = h.id
  CROSS JOIN talk_act a ON a.connection_id = h.id
  WHERE NOT h.run AND c.started <= :until
  UNION ALL
  SELECT f.*, t.started, t.flags, t.to_server, t.to_client, a.client_execution_id
  FROM talked h
  CROSS JOIN novel f ON f.route = h.route AND f.client = h.client
  CROSS JOIN conversation_of_run t ON t.run = h.id
  CROSS JOIN talk_of_run_act a ON a.connection_id = t.id AND a.run_id = t.run
  WHERE h.run AND t.started <= :until
),
-- Who was the first: SQLite takes client from the row of the least `started`.
total AS MATERIALIZED (
  SELECT workload, addr, protocol, port, client, execution_id, min(started) AS started,
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
  (SELECT i.exe FROM image i WHERE i.execution_id = t.execution_id) AS exe,
  (SELECT i.argv FROM image i WHERE i.execution_id = t.execution_id) AS argv,
  t.client AS process_id
FROM total t
ORDER BY t.started, workload
