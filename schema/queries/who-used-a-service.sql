-- SPDX-License-Identifier: GPL-2.0-only
-- Who talked to a service, from when to when, and how many bytes each way:
-- kith sql --set service=6379, or the name of its Unix socket, or the path of its program.
-- In whichever container or network namespace each end is. kith talks shows each
-- conversation. Of a busy service the last 30,000 are looked at: --until goes further back.
WITH
-- Ids grow with time: those that rows of that time can have.
range AS MATERIALIZED (
  SELECT name, min(first_id) AS first_id, max(last_id) AS last_id FROM segment
  WHERE (last >= :since OR last IS NULL) AND (first <= :until OR first IS NULL)
  GROUP BY name
),
meant AS MATERIALIZED (
  SELECT id FROM routes WHERE CAST(:service AS TEXT) IN (CAST(server_port AS TEXT), name)
),
serving AS MATERIALIZED (
  SELECT p.id
  FROM executables x
  CROSS JOIN executions e ON e.executable = x.id
  CROSS JOIN processes p ON p.id = e.process AND p.execution = e.id
  WHERE x.path = CAST(:service AS TEXT)
),
chosen AS MATERIALIZED (
  SELECT * FROM (SELECT connection_id AS id, 0 AS run FROM route_use
    WHERE route_id IN (SELECT id FROM meant) AND connection_id IS NOT NULL
    AND connection_id BETWEEN (SELECT first_id FROM range WHERE name = 'connections')
    AND (SELECT last_id FROM range WHERE name = 'connections') LIMIT 30000)
  UNION
  SELECT * FROM (SELECT run_id, 1 FROM route_use
    WHERE route_id IN (SELECT id FROM meant) AND run_id IS NOT NULL
    AND run_id BETWEEN (SELECT first_id FROM range WHERE name = 'connection_runs')
    AND (SELECT last_id FROM range WHERE name = 'connection_runs') LIMIT 30000)
  UNION
  SELECT * FROM (SELECT connection_id AS id, 0 FROM server_use
    WHERE server_id IN (SELECT id FROM serving)
    AND connection_id BETWEEN (SELECT first_id FROM range WHERE name = 'connections')
    AND (SELECT last_id FROM range WHERE name = 'connections')
    ORDER BY id DESC LIMIT 30000)
  UNION
  SELECT * FROM (SELECT id, 1 FROM connection_runs WHERE server IN (SELECT id FROM serving)
    AND id BETWEEN (SELECT first_id FROM range WHERE name = 'connection_runs')
    AND (SELECT last_id FROM range WHERE name = 'connection_runs')
    ORDER BY id DESC LIMIT 30000)
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
