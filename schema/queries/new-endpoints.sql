-- SPDX-License-Identifier: GPL-2.0-only
-- Which addresses outside of this host were talked to for the first time then, by which
-- workload (container, unit, or else program), and how much went there: kith sql --since
-- '7 days ago'. exe and argv are of who was the first. What the database does not go back
-- to it cannot know of: see view account.
SELECT
  strftime('%Y-%m-%dT%H:%M:%SZ', min(c.started) / 1000000000, 'unixepoch') AS first,
  coalesce(
    (SELECT k.name FROM container k WHERE k.runtime IS NOT NULL AND k.container_id =
      (SELECT p.container_id FROM process p WHERE p.process_id = c.process_id)),
    (SELECT p.unit FROM process p WHERE p.process_id = c.process_id),
    (SELECT image.exe FROM image WHERE image.execution_id = c.execution_id)) AS workload,
  c.server_addr AS addr, c.protocol, c.server_port AS port, c.scope,
  count(*) AS times, sum(c.established) AS established,
  sum(c.sent) AS sent, sum(c.received) AS received,
  (SELECT image.exe FROM image WHERE image.execution_id = c.execution_id) AS exe,
  (SELECT image.argv FROM image WHERE image.execution_id = c.execution_id) AS argv,
  c.process_id
FROM connection_end c
WHERE c.side = 'client' AND c.scope IN ('private', 'public') AND c.peer_id IS NULL
  AND c.started <= :until
GROUP BY workload, addr, c.protocol, port
HAVING min(c.started) >= :since
ORDER BY min(c.started), workload
