-- SPDX-License-Identifier: GPL-2.0-only
-- Programs that were run without a file on disk: memfd_create(2), deleted files,
-- files on a tmpfs.
SELECT
  strftime('%Y-%m-%dT%H:%M:%SZ', e.ts / 1000000000, 'unixepoch') AS at,
  e.process_id, e.uid, e.exe_origin AS origin, e.exe, e.argv
FROM executables x
CROSS JOIN executions r ON r.executable = x.id
CROSS JOIN execution e ON e.execution_id = r.id
WHERE x.origin IN ('memfd', 'deleted', 'tmpfs') AND e.ts BETWEEN :since AND :until
ORDER BY e.ts
