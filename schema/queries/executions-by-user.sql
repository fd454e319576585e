-- SPDX-License-Identifier: GPL-2.0-only
-- How much each user executed, and how many different programs.
SELECT
  euid, count(*) AS executions, count(DISTINCT exe) AS programs,
  sum(error IS NOT NULL) AS failed
FROM execution
WHERE ts BETWEEN :since AND :until
GROUP BY euid
ORDER BY executions DESC
