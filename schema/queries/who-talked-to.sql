-- SPDX-License-Identifier: GPL-2.0-only
-- Which programs talked to which, how often, and how many bytes each way. What is not of
-- this host shows by its address. Pipes are in view flow; kith talks tells more.
SELECT
  coalesce((SELECT exe FROM process WHERE process_id = c.client_id), c.client_addr) AS client,
  coalesce((SELECT exe FROM process WHERE process_id = c.server_id), c.server_addr) AS server,
  c.protocol, coalesce(c.server_port, c.server_name) AS port, c.scope,
  count(*) AS times, sum(c.established) AS established,
  sum(c.bytes_to_server) AS to_server, sum(c.bytes_to_client) AS to_client,
  strftime('%Y-%m-%dT%H:%M:%SZ', min(c.started) / 1000000000, 'unixepoch') AS first
FROM connection c
WHERE c.started <= :until AND (c.open OR c.ended >= :since)
GROUP BY client, server, c.protocol, port, c.scope
ORDER BY times DESC
