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
  WHERE process_id IN (SELECT id FROM processes WHERE flags & 9 AND flags & 1)
    AND started BETWEEN :since AND :until
  GROUP BY container_id
  UNION ALL
  SELECT min(started), max(started), 'end not seen', NULL, count(*), container_id
  FROM process
  WHERE process_id IN (SELECT id FROM processes WHERE flags & 9 AND flags & 8
      UNION SELECT id FROM processes WHERE lived IS NULL)
    AND gone AND started BETWEEN :since AND :until
  GROUP BY container_id
  UNION ALL
  SELECT min(ts), max(ts), 'program has no known name', NULL, count(*), container_id
  FROM execution
  WHERE execution_id IN (SELECT id FROM executions WHERE executable IS NULL AND error IS NULL
      UNION SELECT e.id FROM executables x CROSS JOIN executions e ON e.executable = x.id
      WHERE x.path = '' AND e.error IS NULL)
    AND ts BETWEEN :since AND :until
  GROUP BY container_id
  UNION ALL
  SELECT min(started), max(started), 'process at an end of a conversation not known', NULL,
    count(*), (SELECT container_id FROM process WHERE process_id = coalesce(client, server))
  FROM (
    SELECT started, client, server FROM connections
    WHERE flags & 128 = 0 AND (client IS NULL OR server IS NULL)
      AND started BETWEEN :since AND :until
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
