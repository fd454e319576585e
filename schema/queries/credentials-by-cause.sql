-- SPDX-License-Identifier: GPL-2.0-only
-- What changed credentials, and how often.
SELECT cause, sum(count) AS changes, count(DISTINCT process_id) AS processes,
  sum(unexplained * count) AS unexplained
FROM credential
WHERE ts BETWEEN :since AND :until
GROUP BY cause
ORDER BY changes DESC
