-- SPDX-License-Identifier: GPL-2.0-only
-- Who talked to a service, from when to when, and how many bytes each way:
-- kith sql --set service=6379, or the name of its Unix socket, or the path of its program.
-- In whichever container or network namespace each end is. kith talks shows each
-- conversation.
SELECT
  coalesce((SELECT coalesce(p.exe, p.comm) FROM process p WHERE p.process_id = c.client_id),
    c.client_addr) AS client,
  (SELECT p.uid FROM process p WHERE p.process_id = c.client_id) AS uid,
  (SELECT coalesce(k.name, k.path) FROM container k
    WHERE k.container_id = c.client_container_id) AS client_in,
  (SELECT p.exe FROM process p WHERE p.process_id = c.server_id) AS server,
  coalesce(c.server_name, c.protocol || ' ' || c.server_port) AS service, c.scope,
  count(*) AS times, sum(c.established) AS established,
  strftime('%Y-%m-%dT%H:%M:%SZ', min(c.started) / 1000000000, 'unixepoch') AS first,
  strftime('%Y-%m-%dT%H:%M:%SZ', max(coalesce(c.ended, c.started)) / 1000000000, 'unixepoch')
    AS last,
  sum(c.bytes_to_server) AS to_server, sum(c.bytes_to_client) AS to_client
FROM connection c
WHERE (CAST(:service AS TEXT) IN (CAST(c.server_port AS TEXT), c.server_name)
    OR (SELECT p.exe FROM process p WHERE p.process_id = c.server_id) = :service)
  AND c.started <= :until AND (c.open OR c.ended >= :since)
GROUP BY client, uid, client_in, server, service, c.scope
ORDER BY times DESC, client
