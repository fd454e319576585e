-- SPDX-License-Identifier: GPL-2.0-only
-- Who started what, as whom, and who had logged in to do it.
SELECT
  strftime('%H:%M:%S', e.ts / 1000000000, 'unixepoch') AS at,
  e.loginuid AS login, e.uid, e.euid,
  parent.comm AS started_by,
  e.exe, e.argv, e.script
FROM execution e
LEFT JOIN process parent ON parent.process_id = e.parent_id
WHERE e.error IS NULL AND e.ts BETWEEN :since AND :until
ORDER BY e.ts
