-- SPDX-License-Identifier: GPL-2.0-only
-- What processes did, each with what they ran then, in one form; and as rules of Sigma
-- call it. Views of views: what they stand on is in views.sql.

-- What a process ran at a time: its last image, if it had that then, as nearly all had; else
-- the one before, and so on, which may be its creator's. Of one table each, so that they can
-- be joined by access_id and change_id.
CREATE VIEW access_act AS
SELECT
  a.first AS ts, CAST(a.first + a.lasted AS INTEGER) AS last, a.process AS process_id,
  CAST((SELECT CASE
    WHEN (SELECT iif(live, 0, ts) FROM executions WHERE id = p.execution) <= a.first + a.lasted
      THEN p.execution
    ELSE (WITH RECURSIVE ran(id, ts, previous) AS (
        SELECT id, iif(live, 0, ts), previous FROM executions WHERE id = p.execution
        UNION ALL
        SELECT e.id, iif(e.live, 0, e.ts), e.previous
        FROM ran CROSS JOIN executions e ON e.id = ran.previous WHERE ran.ts > a.first + a.lasted
      ) SELECT min(id) FROM ran) END
    FROM processes p WHERE p.id = a.process) AS INTEGER) AS execution_id,
  CAST(CASE WHEN a.flags & 1 THEN 'create' WHEN a.writes > 0 OR a.flags & 16 THEN 'write'
    WHEN a.flags & 512 THEN 'truncate' WHEN a.flags & 4 THEN 'load'
    WHEN a.reads > 0 OR a.flags & 2 THEN 'read' ELSE 'open' END AS TEXT) AS op,
  CAST(coalesce((SELECT value FROM paths WHERE id = a.path),
    (SELECT value FROM strings WHERE id = a.path)) AS TEXT) AS path,
  CAST(NULL AS TEXT) AS new_path, CAST(NULL AS TEXT) AS detail, CAST(NULL AS INTEGER) AS error,
  CAST(coalesce(a.bytes_read, 0) AS INTEGER) AS bytes_read,
  CAST(coalesce(a.bytes_written, 0) AS INTEGER) AS bytes_written,
  -- further columns
  a.file AS file_id, a.id AS access_id, CAST(NULL AS INTEGER) AS change_id,
  CAST(a.flags >> 10 & 1 AS INTEGER) AS sensitive
FROM accesses a
WHERE NOT a.flags >> 15 & 1;

-- What was written, or could be by memory: of one table, likewise.
CREATE VIEW file_wrote AS
SELECT
  a.process AS process_id, a.file AS file_id,
  CAST(coalesce((SELECT value FROM paths WHERE id = a.path),
    (SELECT value FROM strings WHERE id = a.path)) AS TEXT) AS path,
  a.first, a.first + a.lasted AS last, coalesce(a.bytes_written, 0) AS bytes_written,
  a.id AS access_id
FROM accesses a
WHERE a.writes IS NOT NULL AND (a.writes > 0 OR a.flags & 16) AND NOT a.flags >> 15 & 1;

CREATE VIEW change_act AS
SELECT
  c.ts, c.last, c.process_id,
  CAST((SELECT CASE
    WHEN (SELECT iif(live, c.last, ts) FROM executions WHERE id = p.execution) <= c.last
      THEN p.execution
    ELSE (WITH RECURSIVE ran(id, ts, previous) AS (
        SELECT id, iif(live, 0, ts), previous FROM executions WHERE id = p.execution
        UNION ALL
        SELECT e.id, iif(e.live, 0, e.ts), e.previous
        FROM ran CROSS JOIN executions e ON e.id = ran.previous WHERE ran.ts > c.last
      ) SELECT min(id) FROM ran) END
    FROM processes p WHERE p.id = c.process_id) AS INTEGER) AS execution_id,
  c.op, c.path, c.new_path, c.detail, c.error,
  CAST(0 AS INTEGER) AS bytes_read, CAST(0 AS INTEGER) AS bytes_written,
  -- further columns
  c.file_id, CAST(NULL AS INTEGER) AS access_id, c.change_id, CAST(NULL AS INTEGER) AS sensitive
FROM name_change c;

CREATE VIEW file_act AS
SELECT * FROM access_act
UNION ALL
SELECT * FROM change_act;

-- Conversations of each of the two tables, likewise to be joined.
CREATE VIEW talk_act AS
SELECT
  t.started, t.started + t.lasted AS ended, t.client AS client_id, t.server AS server_id,
  (SELECT name FROM protocols WHERE id = r.protocol) AS protocol,
  coalesce(r.dialled_addr, r.server_addr) AS dialled_addr,
  coalesce(r.dialled_port, r.server_port) AS dialled_port,
  coalesce(r.seen_addr, r.client_addr) AS seen_addr,
  r.server_port, r.name AS server_name,
  t.to_server AS bytes_to_server, t.to_client AS bytes_to_client,
  t.flags >> 2 & 1 AS established, nullif(t.flags >> 8, 0) AS error,
  t.id AS connection_id, t.run AS run_id,
  CAST((SELECT CASE
    WHEN (SELECT iif(live, 0, ts) FROM executions WHERE id = p.execution) <= t.started
      THEN p.execution
    ELSE (WITH RECURSIVE ran(id, ts, previous) AS (
        SELECT id, iif(live, 0, ts), previous FROM executions WHERE id = p.execution
        UNION ALL
        SELECT e.id, iif(e.live, 0, e.ts), e.previous
        FROM ran CROSS JOIN executions e ON e.id = ran.previous WHERE ran.ts > t.started
      ) SELECT min(id) FROM ran) END
    FROM processes p WHERE p.id = t.client) AS INTEGER) AS client_execution_id,
  CAST((SELECT CASE
    WHEN (SELECT iif(live, 0, ts) FROM executions WHERE id = p.execution) <= t.started
      THEN p.execution
    ELSE (WITH RECURSIVE ran(id, ts, previous) AS (
        SELECT id, iif(live, 0, ts), previous FROM executions WHERE id = p.execution
        UNION ALL
        SELECT e.id, iif(e.live, 0, e.ts), e.previous
        FROM ran CROSS JOIN executions e ON e.id = ran.previous WHERE ran.ts > t.started
      ) SELECT min(id) FROM ran) END
    FROM processes p WHERE p.id = t.server) AS INTEGER) AS server_execution_id
FROM conversation t
JOIN routes r ON r.id = t.route;

CREATE VIEW talk_of_run_act AS
SELECT
  t.started, t.started + t.lasted AS ended, t.client AS client_id, t.server AS server_id,
  (SELECT name FROM protocols WHERE id = r.protocol) AS protocol,
  coalesce(r.dialled_addr, r.server_addr) AS dialled_addr,
  coalesce(r.dialled_port, r.server_port) AS dialled_port,
  coalesce(r.seen_addr, r.client_addr) AS seen_addr,
  r.server_port, r.name AS server_name,
  t.to_server AS bytes_to_server, t.to_client AS bytes_to_client,
  t.flags >> 2 & 1 AS established, nullif(t.flags >> 8, 0) AS error,
  t.id AS connection_id, t.run AS run_id,
  CAST((SELECT CASE
    WHEN (SELECT iif(live, 0, ts) FROM executions WHERE id = p.execution) <= t.started
      THEN p.execution
    ELSE (WITH RECURSIVE ran(id, ts, previous) AS (
        SELECT id, iif(live, 0, ts), previous FROM executions WHERE id = p.execution
        UNION ALL
        SELECT e.id, iif(e.live, 0, e.ts), e.previous
        FROM ran CROSS JOIN executions e ON e.id = ran.previous WHERE ran.ts > t.started
      ) SELECT min(id) FROM ran) END
    FROM processes p WHERE p.id = t.client) AS INTEGER) AS client_execution_id,
  CAST((SELECT CASE
    WHEN (SELECT iif(live, 0, ts) FROM executions WHERE id = p.execution) <= t.started
      THEN p.execution
    ELSE (WITH RECURSIVE ran(id, ts, previous) AS (
        SELECT id, iif(live, 0, ts), previous FROM executions WHERE id = p.execution
        UNION ALL
        SELECT e.id, iif(e.live, 0, e.ts), e.previous
        FROM ran CROSS JOIN executions e ON e.id = ran.previous WHERE ran.ts > t.started
      ) SELECT min(id) FROM ran) END
    FROM processes p WHERE p.id = t.server) AS INTEGER) AS server_execution_id
FROM conversation_of_run t
JOIN routes r ON r.id = t.route;

-- The ends of conversations whose processes are known, addresses as that end has them.
CREATE VIEW connection_end AS
SELECT
  t.started, t.ended, t.process_id,
  CAST((SELECT CASE
    WHEN (SELECT iif(live, t.started, ts) FROM executions WHERE id = p.execution) <= t.started
      THEN p.execution
    ELSE (WITH RECURSIVE ran(id, ts, previous) AS (
        SELECT id, iif(live, 0, ts), previous FROM executions WHERE id = p.execution
        UNION ALL
        SELECT e.id, iif(e.live, 0, e.ts), e.previous
        FROM ran CROSS JOIN executions e ON e.id = ran.previous WHERE ran.ts > t.started
      ) SELECT min(id) FROM ran) END
    FROM processes p WHERE p.id = t.process_id) AS INTEGER) AS execution_id,
  t.side, t.protocol, t.client_addr, t.client_port, t.server_addr, t.server_port,
  t.server_name, t.sent, t.received, t.peer_id, t.scope, t.established, t.error,
  t.open, t.connection_id
FROM (
  SELECT
    started, ended, client_id AS process_id, CAST('client' AS TEXT) AS side, protocol,
    client_addr, client_port, CAST(dialled_addr AS TEXT) AS server_addr,
    CAST(dialled_port AS INTEGER) AS server_port, server_name,
    bytes_to_server AS sent, bytes_to_client AS received, server_id AS peer_id, scope,
    established, error, open, connection_id
  FROM connection
  WHERE client_id IS NOT NULL
  UNION ALL
  SELECT
    started, ended, server_id, CAST('server' AS TEXT), protocol,
    CAST(seen_addr AS TEXT), CAST(seen_port AS INTEGER), server_addr, server_port, server_name,
    bytes_to_client, bytes_to_server, client_id, scope,
    established, error, open, connection_id
  FROM connection
  WHERE server_id IS NOT NULL
) t;

-- For rules of Sigma with these categories and product linux: names and values as Sysmon
-- for Linux has them. Rules match without regard to case, so do these columns. What is an
-- INTEGER may be compared with a number or its digits.
CREATE VIEW sigma_process_creation AS
SELECT
  CAST(strftime('%Y-%m-%d %H:%M:%S', e.ts / 1000000000, 'unixepoch')
    || printf('.%03d', e.ts / 1000000 % 1000) AS TEXT) AS UtcTime,
  CAST('{' || (SELECT uuid FROM boots WHERE id = p.boot) || '-' || p.id || '}' AS TEXT)
    COLLATE NOCASE AS ProcessGuid,
  CAST(p.key & 4194303 AS INTEGER) AS ProcessId,
  CAST(nullif(x.path, '') AS TEXT) COLLATE NOCASE AS Image,
  CAST(NULL AS TEXT) AS FileVersion,
  CAST(NULL AS TEXT) AS Description,
  CAST(NULL AS TEXT) AS Product,
  CAST(NULL AS TEXT) AS Company,
  CAST(NULL AS TEXT) AS OriginalFileName,
  CAST((SELECT value FROM strings WHERE id = e.argv) AS TEXT) COLLATE NOCASE AS CommandLine,
  CAST((SELECT value FROM strings WHERE id = e.cwd) AS TEXT) COLLATE NOCASE AS CurrentDirectory,
  CAST(CASE WHEN c.euid = 0 THEN 'root' ELSE coalesce(iif(
    (SELECT runtime FROM containers WHERE id = c.container) IS NULL, nullif(coalesce(
      (SELECT name FROM principals WHERE kind = 1 AND number = c.euid
        AND first <= e.ts ORDER BY first DESC LIMIT 1),
      (SELECT name FROM principals WHERE kind = 1 AND number = c.euid
        ORDER BY first LIMIT 1)), ''), NULL), c.euid) END AS TEXT) COLLATE NOCASE AS User,
  CAST(NULL AS TEXT) AS LogonGuid,
  CAST(c.euid AS INTEGER) AS LogonId,
  CAST(coalesce(c.session, 4294967295) AS INTEGER) AS TerminalSessionId,
  CAST(NULL AS TEXT) AS IntegrityLevel,
  CAST('SHA256=' || (SELECT sha256 FROM hashes WHERE id =
    (SELECT hash FROM executable_hashes WHERE execution = e.id)) AS TEXT)
    COLLATE NOCASE AS Hashes,
  CAST(NULL AS TEXT) AS imphash,
  CAST(NULL AS TEXT) AS md5,
  CAST(NULL AS TEXT) AS sha1,
  CAST((SELECT sha256 FROM hashes WHERE id =
    (SELECT hash FROM executable_hashes WHERE execution = e.id)) AS TEXT)
    COLLATE NOCASE AS sha256,
  CAST('{' || (SELECT uuid FROM boots WHERE id = q.boot) || '-' || q.id || '}' AS TEXT)
    COLLATE NOCASE AS ParentProcessGuid,
  CAST(q.key & 4194303 AS INTEGER) AS ParentProcessId,
  CAST((SELECT nullif(path, '') FROM executables WHERE id = i.executable) AS TEXT)
    COLLATE NOCASE AS ParentImage,
  CAST((SELECT value FROM strings WHERE id = i.argv) AS TEXT)
    COLLATE NOCASE AS ParentCommandLine,
  CAST((SELECT CASE WHEN o.euid = 0 THEN 'root' ELSE coalesce(iif(
    (SELECT runtime FROM containers WHERE id = o.container) IS NULL, nullif(coalesce(
      (SELECT name FROM principals WHERE kind = 1 AND number = o.euid
        AND first <= e.ts ORDER BY first DESC LIMIT 1),
      (SELECT name FROM principals WHERE kind = 1 AND number = o.euid
        ORDER BY first LIMIT 1)), ''), NULL), o.euid) END
    FROM contexts o WHERE o.id = q.context) AS TEXT) COLLATE NOCASE AS ParentUser,
  -- further columns
  e.ts,
  e.process AS process_id,
  e.parent AS parent_id,
  e.id AS execution_id
FROM executions e
LEFT JOIN executables x ON x.id = e.executable
LEFT JOIN contexts c ON c.id = e.context
LEFT JOIN processes p ON p.id = e.process
LEFT JOIN processes q ON q.id = e.parent
-- as in file_act
LEFT JOIN executions i ON i.id = CASE
  WHEN q.execution < e.id OR q.execution IS NULL THEN q.execution
  ELSE (WITH RECURSIVE ran(id, previous) AS (
      SELECT id, previous FROM executions WHERE id = q.execution
      UNION ALL
      SELECT w.id, w.previous
      FROM ran CROSS JOIN executions w ON w.id = ran.previous WHERE ran.id > e.id
    ) SELECT min(id) FROM ran) END
WHERE e.error IS NULL AND e.live IS NULL;

CREATE VIEW sigma_file_event AS
SELECT
  CAST(strftime('%Y-%m-%d %H:%M:%S', a.ts / 1000000000, 'unixepoch')
    || printf('.%03d', a.ts / 1000000 % 1000) AS TEXT) AS UtcTime,
  CAST((SELECT '{' || (SELECT uuid FROM boots WHERE id = p.boot) || '-' || p.id || '}'
    FROM processes p WHERE p.id = a.process_id) AS TEXT) COLLATE NOCASE AS ProcessGuid,
  CAST((SELECT key & 4194303 FROM processes WHERE id = a.process_id) AS INTEGER) AS ProcessId,
  CAST((SELECT nullif(path, '') FROM executables WHERE id =
    (SELECT executable FROM executions WHERE id = a.execution_id)) AS TEXT)
    COLLATE NOCASE AS Image,
  CAST((SELECT value FROM strings WHERE id =
    (SELECT argv FROM executions WHERE id = a.execution_id)) AS TEXT)
    COLLATE NOCASE AS CommandLine,
  CAST(iif(a.op IN ('rename', 'link'), a.new_path, a.path) AS TEXT)
    COLLATE NOCASE AS TargetFilename,
  CAST(NULL AS TEXT) AS CreationUtcTime,
  CAST((SELECT CASE WHEN o.euid = 0 THEN 'root' ELSE coalesce(iif(
    (SELECT runtime FROM containers WHERE id = o.container) IS NULL, nullif(coalesce(
      (SELECT name FROM principals WHERE kind = 1 AND number = o.euid
        AND first <= a.ts ORDER BY first DESC LIMIT 1),
      (SELECT name FROM principals WHERE kind = 1 AND number = o.euid
        ORDER BY first LIMIT 1)), ''), NULL), o.euid) END
    FROM contexts o WHERE o.id = (SELECT context FROM processes WHERE id = a.process_id))
    AS TEXT) COLLATE NOCASE AS User,
  -- further columns
  a.ts, a.process_id, a.execution_id, a.op, a.file_id, a.access_id, a.change_id
FROM file_act a
WHERE a.op IN ('create', 'write', 'truncate', 'rename', 'link', 'symlink') AND a.error IS NULL;

CREATE VIEW sigma_network_connection AS
SELECT
  CAST(strftime('%Y-%m-%d %H:%M:%S', c.started / 1000000000, 'unixepoch')
    || printf('.%03d', c.started / 1000000 % 1000) AS TEXT) AS UtcTime,
  CAST((SELECT '{' || (SELECT uuid FROM boots WHERE id = p.boot) || '-' || p.id || '}'
    FROM processes p WHERE p.id = c.process_id) AS TEXT) COLLATE NOCASE AS ProcessGuid,
  CAST((SELECT key & 4194303 FROM processes WHERE id = c.process_id) AS INTEGER) AS ProcessId,
  CAST((SELECT nullif(path, '') FROM executables WHERE id =
    (SELECT executable FROM executions WHERE id = c.execution_id)) AS TEXT)
    COLLATE NOCASE AS Image,
  CAST((SELECT value FROM strings WHERE id =
    (SELECT argv FROM executions WHERE id = c.execution_id)) AS TEXT)
    COLLATE NOCASE AS CommandLine,
  CAST((SELECT CASE WHEN o.euid = 0 THEN 'root' ELSE coalesce(iif(
    (SELECT runtime FROM containers WHERE id = o.container) IS NULL, nullif(coalesce(
      (SELECT name FROM principals WHERE kind = 1 AND number = o.euid
        AND first <= c.started ORDER BY first DESC LIMIT 1),
      (SELECT name FROM principals WHERE kind = 1 AND number = o.euid
        ORDER BY first LIMIT 1)), ''), NULL), o.euid) END
    FROM contexts o WHERE o.id = (SELECT context FROM processes WHERE id = c.process_id))
    AS TEXT) COLLATE NOCASE AS User,
  CAST(c.protocol AS TEXT) COLLATE NOCASE AS Protocol,
  CAST(iif(c.side = 'client', 'true', 'false') AS TEXT) COLLATE NOCASE AS Initiated,
  CAST(iif(instr(c.client_addr, ':'), 'true', 'false') AS TEXT) COLLATE NOCASE AS SourceIsIpv6,
  CAST(c.client_addr AS TEXT) COLLATE NOCASE AS SourceIp,
  CAST(NULL AS TEXT) AS SourceHostname,
  CAST(c.client_port AS INTEGER) AS SourcePort,
  CAST(NULL AS TEXT) AS SourcePortName,
  CAST(iif(instr(c.server_addr, ':'), 'true', 'false') AS TEXT)
    COLLATE NOCASE AS DestinationIsIpv6,
  CAST(c.server_addr AS TEXT) COLLATE NOCASE AS DestinationIp,
  CAST(NULL AS TEXT) AS DestinationHostname,
  CAST(c.server_port AS INTEGER) AS DestinationPort,
  CAST(NULL AS TEXT) AS DestinationPortName,
  -- further columns
  c.started AS ts, c.process_id, c.execution_id, c.connection_id, c.peer_id
FROM connection_end c
WHERE c.protocol IN ('tcp', 'udp');
