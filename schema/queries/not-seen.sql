-- SPDX-License-Identifier: GPL-2.0-only
-- What is known to be missing, and when. lost is NULL where nobody watched.
SELECT
  strftime('%Y-%m-%dT%H:%M:%SZ', from_ts / 1000000000, 'unixepoch') AS since,
  strftime('%Y-%m-%dT%H:%M:%SZ', to_ts / 1000000000, 'unixepoch') AS until,
  class, cause, sum(lost) AS lost
FROM loss
WHERE to_ts >= :since AND from_ts <= :until
GROUP BY from_ts, to_ts, class, cause
ORDER BY from_ts
