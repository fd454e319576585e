-- SPDX-License-Identifier: GPL-2.0-only
-- Who made sockets that see what is not meant for him, or send what others seem to have
-- sent: packet sockets, and raw ones of IP.
SELECT
  strftime('%Y-%m-%dT%H:%M:%SZ', s.first / 1000000000, 'unixepoch') AS first,
  strftime('%Y-%m-%dT%H:%M:%SZ', s.last / 1000000000, 'unixepoch') AS last,
  s.count, s.family, s.type, coalesce(s.protocol_name, s.protocol) AS protocol,
  p.pid, p.uid, p.exe, p.argv, p.unit
FROM socket_made s
LEFT JOIN process p USING (process_id)
WHERE (s.family IN ('packet', 'xdp') OR s.type = 'raw' AND s.family IN ('inet', 'inet6'))
  AND s.first <= :until AND s.last >= :since
ORDER BY s.first, p.pid
