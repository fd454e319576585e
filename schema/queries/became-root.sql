-- SPDX-License-Identifier: GPL-2.0-only
-- Who became root, and how. A daemon of root's that takes root's place again is
-- not meant: its real user was root all the time.
SELECT
  strftime('%H:%M:%S', c.ts / 1000000000, 'unixepoch') AS at,
  p.pid, c.uid_from AS was, c.cause, p.exe, parent.argv AS started_by, p.loginuid AS login,
  c.unexplained
FROM credential c
JOIN process p USING (process_id)
LEFT JOIN process parent ON parent.process_id = p.parent_id
WHERE c.uid_from <> 0 AND c.euid_from <> 0 AND c.euid_to = 0
  AND c.ts BETWEEN :since AND :until
ORDER BY c.ts
