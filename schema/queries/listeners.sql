-- SPDX-License-Identifier: GPL-2.0-only
-- Who listens where, or did in that time. A Unix socket has a name and no port.
SELECT
  l.protocol, coalesce(l.addr, l.name) AS addr, l.port, l.open, p.pid, p.uid, p.exe, p.unit,
  strftime('%Y-%m-%dT%H:%M:%SZ', l.started / 1000000000, 'unixepoch') AS since,
  strftime('%Y-%m-%dT%H:%M:%SZ', l.ended / 1000000000, 'unixepoch') AS until
FROM listener l
LEFT JOIN process p USING (process_id)
WHERE l.started <= :until AND (l.open OR l.ended >= :since)
ORDER BY l.protocol, l.port, addr, l.started
