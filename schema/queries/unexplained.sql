-- SPDX-License-Identifier: GPL-2.0-only
-- Credential changes that nothing legitimate made. Each is worth a look: kith show
-- '#' with the process_id.
SELECT
  strftime('%Y-%m-%d %H:%M:%S', c.ts / 1000000000, 'unixepoch') AS at,
  c.process_id, p.pid, p.exe, c.uid_from, c.uid_to, c.euid_from, c.euid_to,
  printf('%x', c.caps_from) AS caps_from, printf('%x', c.caps_to) AS caps_to
FROM credential c
LEFT JOIN process p USING (process_id)
WHERE c.unexplained AND c.ts BETWEEN :since AND :until
ORDER BY c.ts
