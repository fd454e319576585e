-- SPDX-License-Identifier: GPL-2.0-only
-- What could not be seen, and when: what was lost, when the sensor was off or was acted on,
-- and of which containers there are processes whose birth, program or end is not known.
-- count is NULL where nobody can know. not-seen.sql has losses alone; kith status says how
-- it is now, and kith hooks what no hook tells.
WITH
-- Ids grow with time: those that rows of that time can have.
range AS MATERIALIZED (
  SELECT name, min(first_id) AS first_id, max(last_id) AS last_id FROM segment
  WHERE (last >= :since OR last IS NULL) AND (first <= :until OR first IS NULL)
  GROUP BY name
),
unclear_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 25 AND key = 0
      AND epoch BETWEEN (SELECT first_id >> 16 FROM range WHERE name = 'processes')
        AND (SELECT last_id >> 16 FROM range WHERE name = 'processes') LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'processes'
  ORDER BY part
),
unclear AS MATERIALIZED (
  SELECT t.id
  FROM unclear_in CROSS JOIN processes t ON t.id >= part << 10 AND t.id < (part + 1) << 10
  WHERE t.flags & 9
    AND t.started BETWEEN :since AND :until
),
-- Nobody saw them end.
open AS MATERIALIZED (
  SELECT id FROM late_rows WHERE name = 'processes' AND segment IS NULL
),
nameless_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind IN (16, 23)
      AND key IN (SELECT 0 UNION ALL SELECT id FROM executables WHERE path = '')
      AND epoch BETWEEN (SELECT first_id >> 16 FROM range WHERE name = 'executions')
        AND (SELECT last_id >> 16 FROM range WHERE name = 'executions') LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'executions'
  ORDER BY part
),
nameless AS MATERIALIZED (
  SELECT t.id
  FROM nameless_in CROSS JOIN executions t ON t.id >= part << 10 AND t.id < (part + 1) << 10
  WHERE t.error IS NULL
    AND (t.executable IS NULL OR t.executable IN (SELECT id FROM executables WHERE path = ''))
    AND t.ts BETWEEN :since AND :until
),
talked_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 26 AND key = 0
      AND epoch BETWEEN (SELECT first_id >> 16 FROM range WHERE name = 'connections')
        AND (SELECT last_id >> 16 FROM range WHERE name = 'connections') LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'connections'
  ORDER BY part
),
talked AS MATERIALIZED (
  SELECT t.started, t.client, t.server
  FROM talked_in CROSS JOIN connections t ON t.id >= part << 10 AND t.id < (part + 1) << 10
  WHERE NOT t.flags & 128 AND (t.client IS NULL OR t.server IS NULL)
    AND t.started BETWEEN :since AND :until
),
hole AS MATERIALIZED (
  SELECT from_ts, to_ts, 'lost: ' || class AS what, cause AS detail, lost AS count,
    NULL AS container_id
  FROM loss
  UNION ALL
  SELECT ts, ts, event, detail, NULL, NULL
  FROM sensor
  WHERE event IN ('module unloaded', 'unsubscribed', 'policy set', 'hooks blinded',
    'hooks recovered', 'collector started', 'collector stopped', 'clock set')
  UNION ALL
  SELECT min(started), max(started), 'birth not seen', NULL, count(*), container_id
  FROM process
  WHERE process_id IN (SELECT id FROM unclear) AND incomplete
    AND started BETWEEN :since AND :until
  GROUP BY container_id
  UNION ALL
  SELECT min(started), max(started), 'end not seen', NULL, count(*), container_id
  FROM process
  WHERE process_id IN (SELECT id FROM unclear UNION SELECT id FROM open)
    AND gone AND started BETWEEN :since AND :until
  GROUP BY container_id
  UNION ALL
  SELECT min(ts), max(ts), 'program has no known name', NULL, count(*), container_id
  FROM execution
  WHERE execution_id IN (SELECT id FROM nameless) AND ts BETWEEN :since AND :until
  GROUP BY container_id
  UNION ALL
  SELECT min(started), max(started), 'process at an end of a conversation not known', NULL,
    count(*), (SELECT container_id FROM process WHERE process_id = coalesce(client, server))
  FROM (
    SELECT started, client, server FROM talked
    WHERE started BETWEEN :since AND :until
    UNION ALL
    SELECT started, client, server FROM conversation_of_run
    WHERE flags & 128 = 0 AND (client IS NULL OR server IS NULL)
      AND started BETWEEN :since AND :until)
  GROUP BY 6
)
SELECT
  strftime('%Y-%m-%dT%H:%M:%SZ', h.from_ts / 1000000000, 'unixepoch') AS since,
  strftime('%Y-%m-%dT%H:%M:%SZ', h.to_ts / 1000000000, 'unixepoch') AS until,
  h.what, h.detail, h.count,
  (SELECT coalesce(k.name, k.path) FROM container k WHERE k.container_id = h.container_id)
    AS container
FROM hole h
WHERE h.to_ts >= :since AND h.from_ts <= :until
ORDER BY h.from_ts, h.what
