-- SPDX-License-Identifier: GPL-2.0-only
-- What could not be seen, and when: what was lost, when the sensor was off or was acted on,
-- and of which containers there are processes whose birth, program or end is not known.
-- count is NULL where nobody can know. not-seen.sql has losses alone; kith status says how
-- it is now, and kith hooks what no hook tells.
WITH
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
  WHERE incomplete AND started BETWEEN :since AND :until
  GROUP BY container_id
  UNION ALL
  SELECT min(started), max(started), 'end not seen', NULL, count(*), container_id
  FROM process
  WHERE gone AND started BETWEEN :since AND :until
  GROUP BY container_id
  UNION ALL
  SELECT min(ts), max(ts), 'program has no known name', NULL, count(*), container_id
  FROM execution
  WHERE exe IS NULL AND error IS NULL AND ts BETWEEN :since AND :until
  GROUP BY container_id
  UNION ALL
  SELECT min(started), max(started), 'process at an end of a conversation not known', NULL,
    count(*), coalesce(client_container_id, server_container_id)
  FROM connection
  WHERE scope IN ('same-container', 'same-host') AND (client_id IS NULL OR server_id IS NULL)
    AND started BETWEEN :since AND :until
  GROUP BY coalesce(client_container_id, server_container_id)
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
