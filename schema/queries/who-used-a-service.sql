-- SPDX-License-Identifier: GPL-2.0-only
-- Who talked to a service, from when to when, and how many bytes each way:
-- kith sql --set service=6379, or the name of its Unix socket, or the path of its program.
-- In whichever container or network namespace each end is. kith talks shows each
-- conversation. Of a busy service the last 3,000 are looked at: --until goes further
-- back, --set most=100000 looks at more.
WITH RECURSIVE
meant AS MATERIALIZED (
  SELECT id FROM routes WHERE CAST(:service AS TEXT) IN (CAST(server_port AS TEXT), name)
),
scarce AS MATERIALIZED (
  SELECT id FROM meant WHERE (SELECT count(*) FROM meant) < 20000
),
executed_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 16 AND key IN (SELECT id FROM executables WHERE path = CAST(:service AS TEXT))
      LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'executions'
  ORDER BY part
),
serving AS MATERIALIZED (
  SELECT p.id FROM (
  SELECT t.id, t.process
  FROM executed_in CROSS JOIN executions t ON t.id >= part << 10 AND t.id < (part + 1) << 10
  WHERE t.executable IN (SELECT id FROM executables WHERE path = CAST(:service AS TEXT))
  ) e
  CROSS JOIN processes p ON p.id = e.process AND p.execution = e.id
),
-- Ids grow with time: those that rows of that time can have.
whole AS MATERIALIZED (
  SELECT name, segment_id, first_id, last_id FROM segment
  WHERE (last >= :since OR last IS NULL) AND (first <= :until OR first IS NULL)
),
near AS MATERIALIZED (
  SELECT name, min(first_id) AS first_id, max(last_id) AS last_id FROM whole
  WHERE segment_id > (SELECT max(segment_id) - 65 FROM whole) GROUP BY name
),
-- Each key in each part has a row at least: is it enough without looking further?
enough AS MATERIALIZED (
  SELECT count(*) >= ifnull(:most, 3000) AS met FROM (SELECT 1 FROM place
    WHERE kind = 1 AND key IN (SELECT id FROM scarce)
      AND epoch BETWEEN (SELECT first_id >> 16 FROM near WHERE name = 'connections') + 1
        AND (SELECT last_id >> 16 FROM near WHERE name = 'connections') - 1 LIMIT ifnull(:most, 3000))
),
range AS MATERIALIZED (
  SELECT name, min(first_id) AS first_id, max(last_id) AS last_id FROM whole
  WHERE segment_id > (SELECT max(segment_id) - 65 FROM whole) OR NOT (SELECT met FROM enough)
  GROUP BY name
),
-- A service with that many routes is in each part.
each(name, part, last) AS (
  SELECT name, first_id >> 10, min(last_id, iif(name = 'connections',
    (SELECT max(id) FROM connections), (SELECT max(id) FROM connection_runs))) >> 10
  FROM range
  WHERE name IN ('connections', 'connection_runs')
    AND EXISTS (SELECT 1 FROM meant) AND NOT EXISTS (SELECT 1 FROM scarce)
  UNION ALL
  SELECT name, part + 1, last FROM each WHERE part < last
),
-- Where the rows of each table are that tell of them: the kinds of view place.
talked_in AS MATERIALIZED (
  SELECT part FROM each WHERE name = 'connections'
  UNION
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 1 AND key IN (SELECT id FROM scarce)
      AND epoch BETWEEN (SELECT first_id >> 16 FROM range WHERE name = 'connections')
        AND (SELECT last_id >> 16 FROM range WHERE name = 'connections') LIMIT -1)
  UNION
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 11 AND key IN (SELECT id FROM serving)
      AND epoch BETWEEN (SELECT first_id >> 16 FROM range WHERE name = 'connections')
        AND (SELECT last_id >> 16 FROM range WHERE name = 'connections') LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'connections'
  ORDER BY part DESC
),
runs_talked_in AS MATERIALIZED (
  SELECT part FROM each WHERE name = 'connection_runs'
  UNION
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 21 AND key IN (SELECT id FROM scarce)
      AND epoch BETWEEN (SELECT first_id >> 16 FROM range WHERE name = 'connection_runs')
        AND (SELECT last_id >> 16 FROM range WHERE name = 'connection_runs') LIMIT -1)
  UNION
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 20 AND key IN (SELECT id FROM serving)
      AND epoch BETWEEN (SELECT first_id >> 16 FROM range WHERE name = 'connection_runs')
        AND (SELECT last_id >> 16 FROM range WHERE name = 'connection_runs') LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'connection_runs'
  ORDER BY part DESC
),
chosen AS MATERIALIZED (
  SELECT * FROM (SELECT t.id, 0 AS run
    FROM talked_in CROSS JOIN connections t ON t.id >= part << 10 AND t.id < (part + 1) << 10
    WHERE (t.route IN (SELECT id FROM meant) OR t.server IN (SELECT id FROM serving))
      AND t.started <= :until
      AND (t.started + t.lasted >= :since OR t.lasted IS NULL)
    LIMIT ifnull(:most, 3000))
  UNION ALL
  SELECT * FROM (SELECT t.id, 1
    FROM runs_talked_in
    CROSS JOIN connection_runs t ON t.id >= part << 10 AND t.id < (part + 1) << 10
    WHERE (t.route IN (SELECT id FROM meant) OR t.server IN (SELECT id FROM serving))
      AND t.started <= :until AND t.ended >= :since
    LIMIT ifnull(:most, 3000))
),
talk AS MATERIALIZED (
  SELECT client, server, route, flags, started, lasted, to_server, to_client
  FROM chosen CROSS JOIN conversation c ON c.id = chosen.id
  WHERE NOT chosen.run
  UNION ALL
  SELECT client, server, route, flags, started, lasted, to_server, to_client
  FROM chosen CROSS JOIN conversation_of_run c ON c.run = chosen.id
  WHERE chosen.run
),
-- Names are looked up once for each pair of processes.
pair AS MATERIALIZED (
  SELECT client, server, route, flags >> 6 & 3 AS scope, count(*) AS times,
    sum(flags >> 2 & 1) AS established, min(started) AS first,
    max(started + coalesce(lasted, 0)) AS last, sum(to_server) AS to_server,
    sum(to_client) AS to_client
  FROM talk
  WHERE started <= :until AND (started + lasted >= :since OR lasted IS NULL)
  GROUP BY client, server, route, flags >> 6 & 3
)
SELECT
  coalesce((SELECT coalesce(p.exe, p.comm) FROM process p WHERE p.process_id = c.client),
    r.client_addr) AS client,
  (SELECT p.uid FROM process p WHERE p.process_id = c.client) AS uid,
  (SELECT coalesce(k.name, k.path) FROM container k WHERE k.container_id =
    (SELECT p.container_id FROM process p WHERE p.process_id = c.client)) AS client_in,
  (SELECT p.exe FROM process p WHERE p.process_id = c.server) AS server,
  coalesce(r.name, (SELECT name FROM protocols WHERE id = r.protocol) || ' ' || r.server_port)
    AS service,
  CASE c.scope WHEN 0 THEN 'same-container' WHEN 1 THEN 'same-host' WHEN 2 THEN 'private'
    ELSE 'public' END AS scope,
  sum(c.times) AS times, sum(c.established) AS established,
  strftime('%Y-%m-%dT%H:%M:%SZ', min(c.first) / 1000000000, 'unixepoch') AS first,
  strftime('%Y-%m-%dT%H:%M:%SZ', max(c.last) / 1000000000, 'unixepoch') AS last,
  sum(c.to_server) AS to_server, sum(c.to_client) AS to_client
FROM pair c
LEFT JOIN routes r ON r.id = c.route
GROUP BY client, uid, client_in, server, service, c.scope
ORDER BY times DESC, client
