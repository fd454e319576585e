-- SPDX-License-Identifier: GPL-2.0-only
-- Executions that failed, most often: typing errors, or somebody trying doors.
-- error is an errno: 2 no such file, 8 not executable, 13 not permitted.
SELECT e.uid, e.error, e.exe, count(*) AS times,
  (SELECT exe FROM process p WHERE p.process_id = e.process_id) AS tried_by
FROM execution e
WHERE e.error IS NOT NULL AND e.ts BETWEEN :since AND :until
GROUP BY e.uid, e.error, e.exe, tried_by
ORDER BY times DESC
