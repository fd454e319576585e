-- SPDX-License-Identifier: GPL-2.0-only
-- The views that people, reports and tests query. Times are nanoseconds since
-- the epoch (UTC); what is not known is NULL. Columns may be added, not renamed.
-- kithd makes them anew where their text is not this one.

CREATE VIEW boot AS
SELECT id AS boot_id, uuid, first FROM boots;

CREATE VIEW container AS
SELECT
  id AS container_id, runtime,
  coalesce((SELECT name FROM container_names WHERE container = id ORDER BY first DESC LIMIT 1),
    name) AS name,
  CAST((SELECT image FROM container_names WHERE container = id ORDER BY first DESC LIMIT 1)
    AS TEXT) AS image,
  CAST((SELECT pod FROM container_names WHERE container = id ORDER BY first DESC LIMIT 1)
    AS TEXT) AS pod,
  first, last, boot AS boot_id, path, unit, cgroup,
  CASE WHEN unit GLOB 'user@[0-9]*.service' AND path GLOB '/user.slice/user-*'
    THEN CAST(substr(unit, 6) AS INTEGER) END AS container_uid,
  name AS runtime_id
FROM containers;

-- What users and groups were called, from a time on.
CREATE VIEW principal AS
SELECT CASE kind WHEN 1 THEN 'user' WHEN 2 THEN 'group' END AS kind, number, first,
  nullif(name, '') AS name
FROM principals;

-- One table and no join, so that SQLite flattens it where it stands right of a
-- LEFT JOIN too, and looks processes up by their key; a join it would copy whole.
-- The price: each column that is not of the table itself is a look-up of its own.
CREATE VIEW process AS
SELECT
  p.id AS process_id,
  p.parent AS parent_id,
  p.boot AS boot_id,
  p.key & 4194303 AS pid,
  p.started,
  p.started + p.lived AS ended,
  CASE WHEN p.status & 127 = 0 THEN p.status >> 8 & 255 END AS exit_code,
  nullif(p.status & 127, 0) AS exit_signal,
  (SELECT nullif(path, '') FROM executables WHERE id =
    (SELECT executable FROM executions WHERE id = p.execution)) AS exe,
  (SELECT value FROM strings WHERE id =
    (SELECT argv FROM executions WHERE id = p.execution)) AS argv,
  (SELECT value FROM strings WHERE id =
    (SELECT cwd FROM executions WHERE id = p.execution)) AS cwd,
  (SELECT value FROM strings WHERE id =
    (SELECT script FROM executions WHERE id = p.execution)) AS script,
  (SELECT uid FROM contexts WHERE id = p.context) AS uid,
  (SELECT euid FROM contexts WHERE id = p.context) AS euid,
  (SELECT gid FROM contexts WHERE id = p.context) AS gid,
  (SELECT loginuid FROM contexts WHERE id = p.context) AS loginuid,
  (SELECT session FROM contexts WHERE id = p.context) AS session,
  (SELECT container FROM contexts WHERE id = p.context) AS container_id,
  (SELECT unit FROM containers WHERE id =
    (SELECT container FROM contexts WHERE id = p.context)) AS unit,
  CAST((SELECT sha256 FROM hashes WHERE id =
    (SELECT hash FROM executable_hashes WHERE execution = p.execution)) AS TEXT) AS exe_sha256,
  (SELECT origin FROM executables WHERE id =
    (SELECT executable FROM executions WHERE id = p.execution)) AS exe_origin,
  p.flags & 1 AS incomplete,
  coalesce(p.creator, p.parent) AS creator_id,
  coalesce(p.ns_pid, p.key & 4194303) AS ns_pid,
  coalesce(p.comm, (SELECT substr(replace(path, rtrim(path, replace(path, '/', '')), ''), 1, 15)
    FROM executables WHERE path <> '' AND id =
    (SELECT executable FROM executions WHERE id = p.execution))) AS comm,
  p.flags >> 1 & 1 AS kernel_thread,
  p.flags >> 2 & 1 AS unexplained,
  -- it has ended, but nobody saw when: so have all of boots that are over
  p.flags >> 3 & 1 OR p.lived IS NULL AND p.boot < (SELECT max(id) FROM boots) AS gone,
  p.status >> 7 & 1 AS core_dumped,
  p.runtime AS cpu_ns,
  p.max_rss,
  p.plain_reads,
  p.plain_bytes,
  p.clone AS clone_flags,
  p.execution AS execution_id,
  (SELECT device FROM executables WHERE id =
    (SELECT executable FROM executions WHERE id = p.execution)) AS exe_device,
  (SELECT inode FROM executables WHERE id =
    (SELECT executable FROM executions WHERE id = p.execution)) AS exe_inode,
  (SELECT value FROM strings WHERE id =
    (SELECT env FROM executions WHERE id = p.execution)) AS env,
  (SELECT egid FROM contexts WHERE id = p.context) AS egid,
  (SELECT cap_permitted FROM contexts WHERE id = p.context) AS cap_permitted,
  (SELECT cap_effective FROM contexts WHERE id = p.context) AS cap_effective,
  (SELECT tty FROM contexts WHERE id = p.context) AS tty,
  (SELECT sid FROM contexts WHERE id = p.context) AS sid,
  (SELECT mnt FROM namespaces WHERE id =
    (SELECT namespaces FROM contexts WHERE id = p.context)) AS mnt_ns,
  (SELECT pid FROM namespaces WHERE id =
    (SELECT namespaces FROM contexts WHERE id = p.context)) AS pid_ns,
  (SELECT net FROM namespaces WHERE id =
    (SELECT namespaces FROM contexts WHERE id = p.context)) AS net_ns,
  (SELECT user FROM namespaces WHERE id =
    (SELECT namespaces FROM contexts WHERE id = p.context)) AS user_ns,
  (SELECT cgroup FROM namespaces WHERE id =
    (SELECT namespaces FROM contexts WHERE id = p.context)) AS cgroup_ns,
  (SELECT ipc FROM namespaces WHERE id =
    (SELECT namespaces FROM contexts WHERE id = p.context)) AS ipc_ns,
  (SELECT uts FROM namespaces WHERE id =
    (SELECT namespaces FROM contexts WHERE id = p.context)) AS uts_ns,
  (SELECT path FROM containers WHERE id =
    (SELECT container FROM contexts WHERE id = p.context)) AS cgroup_path,
  CAST((SELECT package FROM hashes WHERE id =
    (SELECT hash FROM executable_hashes WHERE execution = p.execution)) AS TEXT) AS exe_package,
  CAST((SELECT why FROM hashes WHERE id =
    (SELECT hash FROM executable_hashes WHERE execution = p.execution)) AS TEXT) AS exe_hash_note,
  (SELECT CASE WHEN c.uid = 0 THEN 'root'
    WHEN (SELECT runtime FROM containers WHERE id = c.container) IS NULL THEN nullif(coalesce(
      (SELECT name FROM principals WHERE kind = 1 AND number = c.uid
        AND first <= p.started ORDER BY first DESC LIMIT 1),
      (SELECT name FROM principals WHERE kind = 1 AND number = c.uid
        ORDER BY first LIMIT 1)), '') END
    FROM contexts c WHERE c.id = p.context) AS user_name,
  (SELECT CASE WHEN c.euid = 0 THEN 'root'
    WHEN (SELECT runtime FROM containers WHERE id = c.container) IS NULL THEN nullif(coalesce(
      (SELECT name FROM principals WHERE kind = 1 AND number = c.euid
        AND first <= p.started ORDER BY first DESC LIMIT 1),
      (SELECT name FROM principals WHERE kind = 1 AND number = c.euid
        ORDER BY first LIMIT 1)), '') END
    FROM contexts c WHERE c.id = p.context) AS euser_name,
  (SELECT CASE WHEN c.gid = 0 THEN 'root'
    WHEN (SELECT runtime FROM containers WHERE id = c.container) IS NULL THEN nullif(coalesce(
      (SELECT name FROM principals WHERE kind = 2 AND number = c.gid
        AND first <= p.started ORDER BY first DESC LIMIT 1),
      (SELECT name FROM principals WHERE kind = 2 AND number = c.gid
        ORDER BY first LIMIT 1)), '') END
    FROM contexts c WHERE c.id = p.context) AS group_name
FROM processes p;

CREATE VIEW execution AS
SELECT
  e.ts,
  e.process AS process_id,
  e.parent AS parent_id,
  nullif(x.path, '') AS exe,
  argv.value AS argv,
  script.value AS script,
  env.value AS env,
  c.uid, c.euid,
  e.error,
  e.id AS execution_id,
  cwd.value AS cwd,
  via.value AS via,
  x.origin AS exe_origin,
  x.device AS exe_device,
  x.inode AS exe_inode,
  x.mode AS exe_mode,
  x.owner AS exe_owner,
  c.gid, c.egid, c.cap_permitted, c.cap_effective, c.loginuid, c.session,
  c.tty, c.sid, c.container AS container_id,
  e.flags >> 3 & 1 AS setuid,
  e.flags >> 4 & 1 AS setgid,
  e.flags >> 5 & 1 AS file_capabilities,
  e.flags >> 6 & 1 AS is_32bit,
  e.flags >> 7 & 1 AS by_thread,
  e.flags >> 8 & 1 AS argv_truncated,
  e.flags >> 9 & 1 AS env_truncated,
  e.flags >> 11 & 1 AS chrooted,
  coalesce(e.argv_size, length(CAST(argv.value AS BLOB)) + 1) AS argv_size,
  e.unknown,
  n.mnt AS mnt_ns, n.pid AS pid_ns, n.net AS net_ns, n.user AS user_ns,
  n.cgroup AS cgroup_ns, n.ipc AS ipc_ns, n.uts AS uts_ns,
  e.file AS file_id,
  CAST((SELECT sha256 FROM hashes WHERE id =
    (SELECT hash FROM executable_hashes WHERE execution = e.id)) AS TEXT) AS exe_sha256,
  CAST((SELECT package FROM hashes WHERE id =
    (SELECT hash FROM executable_hashes WHERE execution = e.id)) AS TEXT) AS exe_package,
  CAST((SELECT why FROM hashes WHERE id =
    (SELECT hash FROM executable_hashes WHERE execution = e.id)) AS TEXT) AS exe_hash_note,
  CASE WHEN c.uid = 0 THEN 'root'
  WHEN (SELECT runtime FROM containers WHERE id = c.container) IS NULL THEN nullif(coalesce(
    (SELECT name FROM principals WHERE kind = 1 AND number = c.uid
      AND first <= e.ts ORDER BY first DESC LIMIT 1),
    (SELECT name FROM principals WHERE kind = 1 AND number = c.uid
      ORDER BY first LIMIT 1)), '') END AS user_name,
  CASE WHEN c.euid = 0 THEN 'root'
  WHEN (SELECT runtime FROM containers WHERE id = c.container) IS NULL THEN nullif(coalesce(
    (SELECT name FROM principals WHERE kind = 1 AND number = c.euid
      AND first <= e.ts ORDER BY first DESC LIMIT 1),
    (SELECT name FROM principals WHERE kind = 1 AND number = c.euid
      ORDER BY first LIMIT 1)), '') END AS euser_name
FROM executions e
LEFT JOIN executables x ON x.id = e.executable
LEFT JOIN strings argv ON argv.id = e.argv
LEFT JOIN strings cwd ON cwd.id = e.cwd
LEFT JOIN strings script ON script.id = e.script
LEFT JOIN strings via ON via.id = e.via
LEFT JOIN strings env ON env.id = e.env
LEFT JOIN contexts c ON c.id = e.context
LEFT JOIN namespaces n ON n.id = c.namespaces
WHERE e.live IS NULL;

-- What each process ran, and since when that is known: also what was found running.
CREATE VIEW image AS
SELECT
  e.ts,
  e.process AS process_id,
  e.id AS execution_id,
  nullif(x.path, '') AS exe,
  argv.value AS argv,
  script.value AS script,
  e.live IS NOT NULL AS found,
  -- what ran before it: the process's own, or its creator's when it was born
  CAST(e.previous AS INTEGER) AS previous_id
FROM executions e
LEFT JOIN executables x ON x.id = e.executable
LEFT JOIN strings argv ON argv.id = e.argv
LEFT JOIN strings script ON script.id = e.script
WHERE e.error IS NULL;

CREATE VIEW credential AS
SELECT
  r.ts,
  r.process AS process_id,
  CASE r.cause
    WHEN 0 THEN 'none' WHEN 1 THEN 'setuid' WHEN 2 THEN 'setgid'
    WHEN 3 THEN 'setreuid' WHEN 4 THEN 'setregid' WHEN 5 THEN 'setresuid'
    WHEN 6 THEN 'setresgid' WHEN 7 THEN 'setfsuid' WHEN 8 THEN 'setfsgid'
    WHEN 9 THEN 'setgroups' WHEN 10 THEN 'capset' WHEN 11 THEN 'prctl'
    WHEN 12 THEN 'keyctl' WHEN 13 THEN 'unshare' WHEN 14 THEN 'setns'
    WHEN 15 THEN 'clone' WHEN 16 THEN 'exec' WHEN 17 THEN 'exec-setuid'
    WHEN 18 THEN 'exec-setgid' WHEN 19 THEN 'exec-filecap'
    WHEN 20 THEN 'kernel' WHEN 21 THEN 'other'
  END AS cause,
  a.uid AS uid_from, b.uid AS uid_to,
  a.euid AS euid_from, b.euid AS euid_to,
  a.gid AS gid_from, b.gid AS gid_to,
  a.cap_effective AS caps_from, b.cap_effective AS caps_to,
  a.userns AS userns_from, b.userns AS userns_to,
  r.flags & 1 AS unexplained,
  r.count,
  r.ts + r.lasted AS last,
  coalesce(r.tid, p.key & 4194303) AS tid,
  r.flags >> 1 & 1 AS swept,
  a.suid AS suid_from, b.suid AS suid_to,
  a.fsuid AS fsuid_from, b.fsuid AS fsuid_to,
  a.egid AS egid_from, b.egid AS egid_to,
  a.sgid AS sgid_from, b.sgid AS sgid_to,
  a.fsgid AS fsgid_from, b.fsgid AS fsgid_to,
  r.groups_from, r.groups_to,
  a.cap_permitted AS permitted_from, b.cap_permitted AS permitted_to,
  a.cap_inheritable AS inheritable_from, b.cap_inheritable AS inheritable_to,
  a.cap_bounding AS bounding_from, b.cap_bounding AS bounding_to,
  a.cap_ambient AS ambient_from, b.cap_ambient AS ambient_to,
  a.securebits AS securebits_from, b.securebits AS securebits_to,
  r.id AS credential_id,
  -- what it ran then, as in file_act
  CAST(CASE
    WHEN (SELECT iif(live, r.ts, ts) FROM executions WHERE id = p.execution) <= r.ts
      THEN p.execution
    ELSE (WITH RECURSIVE ran(id, ts, previous) AS (
        SELECT id, iif(live, 0, ts), previous FROM executions WHERE id = p.execution
        UNION ALL
        SELECT e.id, iif(e.live, 0, e.ts), e.previous
        FROM ran CROSS JOIN executions e ON e.id = ran.previous WHERE ran.ts > r.ts
      ) SELECT min(id) FROM ran) END AS INTEGER) AS execution_id
FROM credentials r
LEFT JOIN processes p ON p.id = r.process
LEFT JOIN credential_sets a ON a.id = r.before
LEFT JOIN credential_sets b ON b.id = r.after;

-- The two tables of view connection, in one form; each can be joined by its key.
CREATE VIEW conversation AS
SELECT id, started, lasted, route, client, server, client_opener, server_opener, client_port,
  to_server, to_client, isns, flags, load, CAST(NULL AS INTEGER) AS run
FROM connections;

CREATE VIEW conversation_of_run(
  id, started, lasted, route, client, server, client_opener, server_opener, client_port,
  to_server, to_client, isns, flags, load, run
) AS
SELECT
  CAST(r.id + o.n AS INTEGER),
  CAST(r.started + ifnull(CAST(substr(r.started_more,
    1 + o.n * (length(r.started_more) / r.count),
    length(r.started_more) / r.count) AS INTEGER), 0) AS INTEGER),
  CAST(r.lasted + ifnull(CAST(substr(r.lasted_more,
    1 + o.n * (length(r.lasted_more) / r.count),
    length(r.lasted_more) / r.count) AS INTEGER), 0) AS INTEGER),
  r.route, r.client, r.server, r.client_opener, r.server_opener,
  CAST(nullif(r.client_port + ifnull(CAST(substr(r.port_more,
    1 + o.n * (length(r.port_more) / r.count),
    length(r.port_more) / r.count) AS INTEGER), 0), -1) AS INTEGER),
  CAST(r.to_server + ifnull(CAST(substr(r.to_server_more,
    1 + o.n * (length(r.to_server_more) / r.count),
    length(r.to_server_more) / r.count) AS INTEGER), 0) AS INTEGER),
  CAST(r.to_client + ifnull(CAST(substr(r.to_client_more,
    1 + o.n * (length(r.to_client_more) / r.count),
    length(r.to_client_more) / r.count) AS INTEGER), 0) AS INTEGER),
  CAST(nullif((r.client_isn + ifnull(CAST(substr(r.client_more,
    1 + o.n * (length(r.client_more) / r.count),
    length(r.client_more) / r.count) AS INTEGER), 0)) << 32
    | (r.server_isn + ifnull(CAST(substr(r.server_more,
    1 + o.n * (length(r.server_more) / r.count),
    length(r.server_more) / r.count) AS INTEGER), 0)), 0) AS INTEGER),
  r.flags, r.load, r.id
FROM connection_runs r
CROSS JOIN ordinals o ON o.n < r.count;

-- Table connections, with those of connection_runs as if each had a row of its own there.
-- Both halves have columns of the same types, so that SQLite can flatten this.
CREATE VIEW connection AS
SELECT
  t.id AS connection_id,
  (SELECT name FROM protocols WHERE id =
    (SELECT protocol FROM routes WHERE id = t.route)) AS protocol,
  t.started,
  t.started + t.lasted AS ended,
  t.client AS client_id,
  (SELECT client_addr FROM routes WHERE id = t.route) AS client_addr,
  t.client_port & 65535 AS client_port,
  t.server AS server_id,
  (SELECT server_addr FROM routes WHERE id = t.route) AS server_addr,
  (SELECT server_port FROM routes WHERE id = t.route) AS server_port,
  (SELECT name FROM routes WHERE id = t.route) AS server_name,
  t.to_server AS bytes_to_server,
  t.to_client AS bytes_to_client,
  CASE t.flags >> 6 & 3 WHEN 0 THEN 'same-container' WHEN 1 THEN 'same-host'
    WHEN 2 THEN 'private' ELSE 'public' END AS scope,
  -- further columns
  nullif(coalesce(t.client_opener, t.client), 0) AS client_opener_id,
  nullif(coalesce(t.server_opener, t.server), 0) AS server_opener_id,
  t.flags >> 2 & 1 AS established,
  nullif(t.flags >> 8, 0) AS error,
  CASE WHEN t.flags & 3 < 3 THEN NULL WHEN t.flags & 8 THEN 'tuple'
    ELSE CASE (SELECT protocol FROM routes WHERE id = t.route) WHEN 1 THEN 'isn'
      WHEN 2 THEN 'datagram' END END AS joined,
  CASE WHEN t.flags & 1 THEN (SELECT coalesce(dialled_addr, server_addr) FROM routes
    WHERE id = t.route) END AS dialled_addr,
  CASE WHEN t.flags & 1 THEN (SELECT coalesce(dialled_port, server_port) FROM routes
    WHERE id = t.route) END AS dialled_port,
  CASE WHEN t.flags & 2 THEN (SELECT coalesce(seen_addr, client_addr) FROM routes
    WHERE id = t.route) END AS seen_addr,
  -- a ^ b is (a | b) - (a & b)
  CASE WHEN t.flags & 2 THEN (t.client_port >> 16 | t.client_port & 65535)
    - (t.client_port >> 16 & t.client_port) END AS seen_port,
  CASE WHEN (SELECT datagrams FROM protocols WHERE id =
      (SELECT protocol FROM routes WHERE id = t.route)) THEN NULL
    ELSE nullif(t.isns >> 32 & 4294967295, 0) END AS client_isn,
  CASE WHEN (SELECT datagrams FROM protocols WHERE id =
      (SELECT protocol FROM routes WHERE id = t.route)) THEN NULL
    ELSE nullif(t.isns & 4294967295, 0) END AS server_isn,
  (SELECT client_netns FROM routes WHERE id = t.route) AS client_netns,
  (SELECT server_netns FROM routes WHERE id = t.route) AS server_netns,
  CASE WHEN t.lasted IS NOT NULL OR t.flags >> 5 & 1 THEN 0 ELSE
    (SELECT boot FROM loads WHERE id = t.load) = (SELECT max(id) FROM boots) END AS open,
  -- it is over, but nobody saw when: so are all of boots that are
  CASE WHEN t.flags >> 5 & 1 THEN 1 WHEN t.lasted IS NOT NULL THEN 0 ELSE
    (SELECT boot FROM loads WHERE id = t.load) < (SELECT max(id) FROM boots) END AS gone,
  t.flags >> 4 & 1 AS incomplete,
  (SELECT boot FROM loads WHERE id = t.load) AS boot_id,
  t.route AS route_id,
  CASE WHEN (SELECT datagrams FROM protocols WHERE id =
      (SELECT protocol FROM routes WHERE id = t.route))
    THEN coalesce(t.isns >> 32 & 4294967295, 0) END AS datagrams_to_server,
  CASE WHEN (SELECT datagrams FROM protocols WHERE id =
      (SELECT protocol FROM routes WHERE id = t.route))
    THEN coalesce(t.isns & 4294967295, 0) END AS datagrams_to_client,
  (SELECT container FROM contexts WHERE id =
    (SELECT context FROM processes WHERE id = t.client)) AS client_container_id,
  (SELECT container FROM contexts WHERE id =
    (SELECT context FROM processes WHERE id = t.server)) AS server_container_id,
  t.run AS run_id
FROM (SELECT * FROM conversation UNION ALL SELECT * FROM conversation_of_run) t;

CREATE VIEW connection_use AS
SELECT connection AS connection_id, iif(side, 'server', 'client') AS side,
  nullif(process, 0) AS process_id, sent, received, first, last
FROM connection_uses;

CREATE VIEW listener AS
SELECT
  l.process AS process_id,
  (SELECT name FROM protocols WHERE id = l.protocol) AS protocol,
  l.addr, l.port, l.started, l.ended,
  -- further columns
  l.id AS listener_id,
  l.netns,
  l.ended IS NULL AND NOT l.flags >> 5 & 1 AND (SELECT boot FROM loads WHERE id = l.load)
    = (SELECT max(id) FROM boots) AS open,
  l.flags >> 5 & 1 OR l.ended IS NULL AND (SELECT boot FROM loads WHERE id = l.load)
    < (SELECT max(id) FROM boots) AS gone,
  l.flags >> 4 & 1 AS incomplete,
  (SELECT boot FROM loads WHERE id = l.load) AS boot_id,
  l.name
FROM listeners l;

CREATE VIEW pipe AS
SELECT
  p.id AS pipe_id,
  p.flags & 1 AS fifo,
  (SELECT value FROM strings WHERE id = p.path) AS path,
  p.inode,
  p.device,
  p.started,
  p.started + p.lasted AS ended,
  CASE WHEN p.lasted IS NOT NULL OR p.flags >> 5 & 1 THEN 0 ELSE
    (SELECT boot FROM loads WHERE id = p.load) = (SELECT max(id) FROM boots) END AS open,
  CASE WHEN p.flags >> 5 & 1 THEN 1 WHEN p.lasted IS NOT NULL THEN 0 ELSE
    (SELECT boot FROM loads WHERE id = p.load) < (SELECT max(id) FROM boots) END AS gone,
  p.flags >> 4 & 1 AS incomplete,
  p.writer AS writer_id,
  p.reader AS reader_id,
  p.written,
  coalesce(p.read, p.written) AS read,
  p.flags >> 1 & 1 AS inexact,
  (SELECT boot FROM loads WHERE id = p.load) AS boot_id
FROM pipes p;

CREATE VIEW pipe_use AS
SELECT pipe AS pipe_id, nullif(process, 0) AS process_id, written, read, first, last
FROM pipe_uses;

-- A conversation is two flows, as is a run of them; a pipe is one from each that wrote to
-- each that read. They stand apart as tables do, and their columns have the same types, so
-- that SQLite can flatten this where it is joined. What a process sends to itself is none.
CREATE VIEW flow AS
WITH
told AS NOT MATERIALIZED (
  SELECT id, client, server, route, started, CAST(started + lasted AS INTEGER) AS ended,
    to_server, to_client
  FROM connections
  UNION ALL
  SELECT id, client, server, route, started, ended, sum_to_server, sum_to_client
  FROM connection_runs
),
talk AS NOT MATERIALIZED (
  SELECT
    id, client, server, route, started, ended, to_server, to_client,
    (SELECT via FROM protocols WHERE id =
      (SELECT protocol FROM routes WHERE id = route)) AS via,
    CAST((SELECT coalesce(name, iif(instr(server_addr, ':'), '[' || server_addr || ']',
      server_addr) || ':' || server_port, 'unnamed') FROM routes WHERE id = route) AS TEXT)
      AS object
  FROM told
  WHERE client <> server
),
-- Who read a file, or could by memory; of all who had written it, those since then count:
-- the 64 that began last.
reading AS NOT MATERIALIZED (
  SELECT
    id, process, file, writer, reads, bytes_read, first,
    CAST(first + lasted AS INTEGER) AS last,
    ifnull((SELECT x.first FROM accesses x WHERE x.file = a.file AND x.writes IS NOT NULL
      AND x.first <= a.first + a.lasted ORDER BY x.first DESC LIMIT 1 OFFSET 63),
      -9223372036854775808) AS since,
    CAST(CASE (SELECT kind FROM files WHERE id = a.file) WHEN 6 THEN 'memfd' WHEN 7 THEN 'shm'
      WHEN 8 THEN 'queue' WHEN 9 THEN 'queue' ELSE 'file' END AS TEXT) AS via,
    CAST(coalesce((SELECT value FROM paths WHERE id = a.path),
      (SELECT value FROM strings WHERE id = a.path),
      (SELECT 'inode ' || inode FROM files WHERE id = a.file)) AS TEXT) AS object
  FROM accesses a
  WHERE (reads IS NOT NULL OR flags & 2) AND NOT flags >> 15 & 1
),
executing AS NOT MATERIALIZED (
  SELECT
    process, file, ts,
    ifnull((SELECT x.first FROM accesses x WHERE x.file = a.file AND x.writes IS NOT NULL
      AND x.first <= a.ts ORDER BY x.first DESC LIMIT 1 OFFSET 63),
      -9223372036854775808) AS since,
    CAST(CASE (SELECT kind FROM files WHERE id = a.file) WHEN 6 THEN 'memfd' WHEN 7 THEN 'shm'
      WHEN 8 THEN 'queue' WHEN 9 THEN 'queue' ELSE 'file' END AS TEXT) AS via,
    CAST(coalesce((SELECT nullif(path, '') FROM executables WHERE id = a.executable),
      (SELECT 'inode ' || inode FROM files WHERE id = a.file)) AS TEXT) AS object
  FROM executions a
  WHERE error IS NULL AND live IS NULL
),
writing AS NOT MATERIALIZED (
  SELECT
    process, file, writes, bytes_written, first,
    first + lasted AS last,
    flags & 16 AS by_memory
  FROM accesses
  WHERE writes IS NOT NULL
),
-- Who threw away what was in a file, and did not read it.
emptying AS NOT MATERIALIZED (
  SELECT process, file, first
  FROM accesses
  WHERE writes IS NOT NULL AND flags & 512 AND reads IS NULL
)
SELECT
  client AS source_id, server AS target_id, via, object, started AS first, ended AS last,
  to_server AS bytes,
  -- further columns
  id AS connection_id,
  CAST(NULL AS INTEGER) AS pipe_id,
  route AS route_id,
  CAST(NULL AS INTEGER) AS file_id,
  CAST(NULL AS INTEGER) AS access_id
FROM talk
WHERE to_server > 0
UNION ALL
SELECT
  server, client, via, object, started, ended, to_client, id, CAST(NULL AS INTEGER),
  route, CAST(NULL AS INTEGER), CAST(NULL AS INTEGER)
FROM talk
WHERE to_client > 0
UNION ALL
SELECT
  writer, reader, CAST(iif(flags & 1, 'fifo', 'pipe') AS TEXT),
  CAST(coalesce((SELECT value FROM strings WHERE id = path), 'pipe:[' || inode || ']')
    AS TEXT),
  started, CAST(started + lasted AS INTEGER), CAST(coalesce(read, written) AS INTEGER),
  CAST(NULL AS INTEGER), id,
  CAST(NULL AS INTEGER), CAST(NULL AS INTEGER), CAST(NULL AS INTEGER)
FROM pipes
WHERE writer <> reader AND coalesce(read, written) > 0
UNION ALL
-- Of several writers and several readers nobody knows who read whose bytes: each writer
-- is taken to have written to all in proportion to what they read.
SELECT
  w.process, r.process, CAST(iif(p.flags & 1, 'fifo', 'pipe') AS TEXT),
  CAST(coalesce((SELECT value FROM strings WHERE id = p.path), 'pipe:[' || p.inode || ']')
    AS TEXT),
  CAST(min(w.first, r.first) AS INTEGER), CAST(max(w.last, r.last) AS INTEGER),
  CAST(CASE
    WHEN (SELECT count(*) FROM pipe_uses u WHERE u.pipe = w.pipe AND u.written > 0) = 1
      THEN r.read
    WHEN (SELECT count(*) FROM pipe_uses u WHERE u.pipe = w.pipe AND u.read > 0) = 1
      THEN w.written
    ELSE w.written * r.read /
      (SELECT total(u.read) FROM pipe_uses u WHERE u.pipe = w.pipe) END AS INTEGER),
  CAST(NULL AS INTEGER), w.pipe,
  CAST(NULL AS INTEGER), CAST(NULL AS INTEGER), CAST(NULL AS INTEGER)
FROM pipe_uses w
CROSS JOIN pipe_uses r ON r.pipe = w.pipe
CROSS JOIN pipes p ON p.id = w.pipe
WHERE w.written > 0 AND r.read > 0 AND w.process <> r.process AND w.process AND r.process
  AND p.writer IS NULL AND p.reader IS NULL
UNION ALL
-- Whoever wrote it last before another read it, or might read by memory: the kernel knows.
SELECT
  r.writer, r.process, r.via, r.object, r.first, r.last,
  CAST(CASE WHEN r.reads IS NULL THEN NULL
    WHEN EXISTS (SELECT 1 FROM writing o WHERE o.file = r.file
      AND o.first BETWEEN r.since AND r.last AND o.process NOT IN (r.process, r.writer))
    THEN min(r.bytes_read, (SELECT iif(count(*) AND NOT max(w.by_memory),
      total(w.bytes_written), r.bytes_read) FROM writing w WHERE w.file = r.file
      AND w.first BETWEEN r.since AND r.last AND w.process = r.writer))
    ELSE r.bytes_read END AS INTEGER),
  CAST(NULL AS INTEGER), CAST(NULL AS INTEGER),
  CAST(NULL AS INTEGER), r.file, r.id
FROM reading r
WHERE r.writer <> r.process
UNION ALL
-- The others who had written it, but not what a third had thrown away in between.
SELECT
  w.process, r.process, r.via, r.object, CAST(max(w.first, r.first) AS INTEGER), r.last,
  CAST(CASE WHEN r.reads IS NULL THEN NULL
    WHEN w.by_memory THEN r.bytes_read
    WHEN r.writer IS NULL AND NOT EXISTS (SELECT 1 FROM writing o WHERE o.file = r.file
      AND o.first BETWEEN r.since AND r.last AND o.process NOT IN (r.process, w.process))
    THEN r.bytes_read
    ELSE min(r.bytes_read, w.bytes_written) END AS INTEGER),
  CAST(NULL AS INTEGER), CAST(NULL AS INTEGER),
  CAST(NULL AS INTEGER), r.file, r.id
FROM reading r
CROSS JOIN writing w ON w.file = r.file AND w.first BETWEEN r.since AND r.last
WHERE w.process <> r.process AND (w.writes > 0 OR w.by_memory) AND w.process IS NOT r.writer
  AND NOT EXISTS (SELECT 1 FROM emptying t WHERE t.file = r.file
    AND t.first > w.last AND t.first <= r.first AND t.process <> w.process)
UNION ALL
-- Who wrote what another executed, likewise.
SELECT
  w.process, r.process, r.via, r.object, r.ts, CAST(r.ts AS INTEGER), CAST(NULL AS INTEGER),
  CAST(NULL AS INTEGER), CAST(NULL AS INTEGER),
  CAST(NULL AS INTEGER), r.file, CAST(NULL AS INTEGER)
FROM executing r
CROSS JOIN writing w ON w.file = r.file AND w.first BETWEEN r.since AND r.ts
WHERE w.process <> r.process AND (w.writes > 0 OR w.by_memory)
  AND NOT EXISTS (SELECT 1 FROM emptying t WHERE t.file = r.file
    AND t.first > w.last AND t.first <= r.ts AND t.process <> w.process)
UNION ALL
-- Many files that one had written and another read, counted together.
SELECT
  writer, process, CAST('file' AS TEXT),
  CAST(coalesce((SELECT value FROM paths WHERE id = path),
    (SELECT value FROM strings WHERE id = path)) || iif(bytes_written > 1,
    ' and ' || (bytes_written - 1) || ' more', '') AS TEXT),
  first, CAST(first + lasted AS INTEGER), bytes_read,
  CAST(NULL AS INTEGER), CAST(NULL AS INTEGER),
  CAST(NULL AS INTEGER), file, id
FROM accesses
WHERE flags >> 15 & 1 AND writer <> process
UNION ALL
SELECT
  CAST(iif(op = 5, target, process) AS INTEGER), CAST(iif(op = 5, process, target) AS INTEGER),
  CAST('vm' AS TEXT), CAST('memory' AS TEXT), ts, CAST(coalesce(last, ts) AS INTEGER), value,
  CAST(NULL AS INTEGER), CAST(NULL AS INTEGER),
  CAST(NULL AS INTEGER), CAST(NULL AS INTEGER), CAST(NULL AS INTEGER)
FROM controls
WHERE op IN (5, 6) AND target IS NOT NULL AND target <> process;

-- What each process did with each file; and what it executed, which is no access of its own.
-- They stand apart as in flow.
CREATE VIEW file_used AS
SELECT
  a.process AS process_id,
  CAST(coalesce((SELECT value FROM paths WHERE id = a.path),
    (SELECT value FROM strings WHERE id = a.path)) AS TEXT) AS path,
  (SELECT device FROM files WHERE id = a.file) AS device,
  (SELECT inode FROM files WHERE id = a.file) AS inode,
  a.first,
  CAST(a.first + a.lasted AS INTEGER) AS last,
  CAST(coalesce(a.reads, 0) AS INTEGER) AS reads,
  CAST(coalesce(a.bytes_read, 0) AS INTEGER) AS bytes_read,
  CAST(coalesce(a.writes, 0) AS INTEGER) AS writes,
  CAST(coalesce(a.bytes_written, 0) AS INTEGER) AS bytes_written,
  CAST(a.flags & 1 AS INTEGER) AS created,
  CAST(0 AS INTEGER) AS executed,
  CAST(a.flags >> 1 & 1 AS INTEGER) AS mapped,
  -- further columns
  a.id AS access_id,
  a.file AS file_id,
  a.writer AS writer_id,
  CAST(a.flags >> 2 & 1 AS INTEGER) AS mapped_executable,
  CAST(a.flags >> 4 & 1 AS INTEGER) AS mapped_writable,
  CAST(a.flags >> 5 & 1 AS INTEGER) AS read_at_most,
  CAST(a.flags >> 6 & 1 AS INTEGER) AS written_at_most,
  CAST(a.flags >> 7 & 1 AS INTEGER) AS unlinked,
  CAST(a.flags >> 8 & 1 AS INTEGER) AS tmpfile,
  CAST(a.flags >> 9 & 1 AS INTEGER) AS truncated,
  CAST(a.flags >> 10 & 1 AS INTEGER) AS sensitive,
  CAST(a.flags >> 11 & 1 AS INTEGER) AS changed,
  CAST(a.flags >> 13 & 1 AS INTEGER) AS incomplete,
  CAST(nullif(a.flags >> 16, 0) + 4026531584 AS INTEGER) AS mnt_ns,
  CAST(EXISTS (SELECT 1 FROM accesses_open WHERE access = a.id)
    AND (SELECT lived IS NULL AND NOT flags & 8 AND boot = (SELECT max(id) FROM boots)
      FROM processes WHERE id = a.process)
    AS INTEGER) AS open,
  CAST((SELECT name FROM file_kinds WHERE id = (SELECT kind FROM files WHERE id = a.file))
    AS TEXT) AS kind
FROM accesses a
WHERE NOT a.flags >> 15 & 1;

CREATE VIEW file_access AS
SELECT * FROM file_used
UNION ALL
SELECT
  e.process,
  CAST((SELECT nullif(path, '') FROM executables WHERE id = e.executable) AS TEXT),
  (SELECT device FROM executables WHERE id = e.executable),
  (SELECT inode FROM executables WHERE id = e.executable),
  e.ts, CAST(e.ts AS INTEGER), CAST(0 AS INTEGER), CAST(0 AS INTEGER), CAST(0 AS INTEGER),
  CAST(0 AS INTEGER), CAST(0 AS INTEGER), CAST(1 AS INTEGER), CAST(1 AS INTEGER),
  CAST(NULL AS INTEGER), e.file, CAST(NULL AS INTEGER), CAST(1 AS INTEGER), CAST(0 AS INTEGER),
  CAST(0 AS INTEGER), CAST(0 AS INTEGER),
  CAST((SELECT origin FROM executables WHERE id = e.executable) IN ('memfd', 'deleted')
    AS INTEGER),
  CAST(0 AS INTEGER), CAST(0 AS INTEGER), CAST(NULL AS INTEGER), CAST(NULL AS INTEGER),
  CAST(0 AS INTEGER),
  (SELECT mnt FROM namespaces WHERE id =
    (SELECT namespaces FROM contexts WHERE id = e.context)),
  CAST(0 AS INTEGER),
  CAST((SELECT name FROM file_kinds WHERE id = (SELECT kind FROM files WHERE id = e.file))
    AS TEXT)
FROM executions e
WHERE e.error IS NULL AND e.live IS NULL;

-- Reads of many files by one process: beyond the first few they are counted together, by
-- who had written them last.
CREATE VIEW folded_read AS
SELECT
  process AS process_id,
  writer AS writer_id,
  first,
  first + lasted AS last,
  bytes_written AS files,
  reads,
  bytes_read,
  CAST(coalesce((SELECT value FROM paths WHERE id = path),
    (SELECT value FROM strings WHERE id = path)) AS TEXT) AS path,
  file AS file_id,
  flags >> 5 & 1 AS read_at_most,
  id AS access_id
FROM accesses
WHERE flags >> 15 & 1;

-- What was done to names, modes, owners and contents; creations and truncations by open(2)
-- stand with what was done with the file.
CREATE VIEW name_change AS
SELECT
  ts,
  process AS process_id,
  CAST(CASE op WHEN 1 THEN 'create' WHEN 2 THEN 'rename' WHEN 3 THEN 'rename'
    WHEN 4 THEN 'unlink' WHEN 5 THEN 'link' WHEN 6 THEN 'symlink' WHEN 7 THEN 'mkdir'
    WHEN 8 THEN 'rmdir' WHEN 9 THEN 'chmod' WHEN 10 THEN 'chown' WHEN 11 THEN 'truncate'
    WHEN 12 THEN 'setxattr' WHEN 13 THEN 'setxattr' WHEN 14 THEN 'utimes' END AS TEXT) AS op,
  CAST(coalesce((SELECT value FROM paths WHERE id = path),
    (SELECT value FROM strings WHERE id = path)) AS TEXT) AS path,
  CAST(coalesce((SELECT value FROM paths WHERE id = new_path),
    (SELECT value FROM strings WHERE id = new_path)) AS TEXT) AS new_path,
  CAST(CASE op
    WHEN 1 THEN printf('%04o', to_value & 4095)
    WHEN 3 THEN 'exchange'
    WHEN 6 THEN coalesce((SELECT value FROM paths WHERE id = text),
      (SELECT value FROM strings WHERE id = text))
    WHEN 7 THEN printf('%04o', to_value & 4095)
    WHEN 9 THEN printf('%04o -> %04o', value & 4095, to_value & 4095)
    WHEN 10 THEN printf('%d:%d -> %d:%d', value & 4294967295, value >> 32 & 4294967295,
      to_value & 4294967295, to_value >> 32 & 4294967295)
    WHEN 11 THEN printf('%d -> %d', value, to_value)
    WHEN 12 THEN coalesce((SELECT value FROM paths WHERE id = text),
      (SELECT value FROM strings WHERE id = text))
    WHEN 13 THEN 'removed ' || coalesce((SELECT value FROM paths WHERE id = text),
      (SELECT value FROM strings WHERE id = text))
    WHEN 14 THEN coalesce(strftime('%Y-%m-%dT%H:%M:%SZ', nullif(value, 0) / 1000000000,
      'unixepoch') || ' -> ', '') || iif(to_value,
      strftime('%Y-%m-%dT%H:%M:%SZ', to_value / 1000000000, 'unixepoch'), 'now')
    END AS TEXT) AS detail,
  -- further columns
  error,
  CAST(ts + lasted AS INTEGER) AS last,
  count,
  file AS file_id,
  other AS replaced_id,
  (SELECT device FROM files WHERE id = file) AS device,
  (SELECT inode FROM files WHERE id = file) AS inode,
  CAST(flags & 1 AS INTEGER) AS unsure,
  CAST(flags >> 1 & 1 AS INTEGER) AS incomplete,
  CAST(nullif(flags >> 16, 0) + 4026531584 AS INTEGER) AS mnt_ns,
  id AS change_id
FROM changes;

CREATE VIEW file_change AS
SELECT * FROM name_change
UNION ALL
SELECT
  first, process, CAST(iif(flags & 1, 'create', 'truncate') AS TEXT),
  CAST(coalesce((SELECT value FROM paths WHERE id = path),
    (SELECT value FROM strings WHERE id = path)) AS TEXT), CAST(NULL AS TEXT),
  CAST(iif(flags & 1, (SELECT printf('%04o', mode & 4095) FROM files WHERE id = file),
    'by open') AS TEXT),
  CAST(NULL AS INTEGER), CAST(first AS INTEGER), CAST(1 AS INTEGER), file,
  CAST(NULL AS INTEGER),
  (SELECT device FROM files WHERE id = file),
  (SELECT inode FROM files WHERE id = file),
  CAST(0 AS INTEGER), CAST(flags >> 13 & 1 AS INTEGER),
  CAST(nullif(flags >> 16, 0) + 4026531584 AS INTEGER), CAST(NULL AS INTEGER)
FROM accesses
WHERE flags & 513 AND NOT flags >> 15 & 1;

CREATE VIEW socket_made AS
SELECT
  process AS process_id,
  CASE family WHEN 1 THEN 'unix' WHEN 2 THEN 'inet' WHEN 10 THEN 'inet6'
    WHEN 16 THEN 'netlink' WHEN 17 THEN 'packet' WHEN 15 THEN 'key' WHEN 21 THEN 'rds'
    WHEN 24 THEN 'pppox' WHEN 29 THEN 'can' WHEN 30 THEN 'tipc' WHEN 31 THEN 'bluetooth'
    WHEN 33 THEN 'rxrpc' WHEN 38 THEN 'alg' WHEN 39 THEN 'nfc' WHEN 40 THEN 'vsock'
    WHEN 41 THEN 'kcm' WHEN 42 THEN 'qipcrtr' WHEN 43 THEN 'smc' WHEN 44 THEN 'xdp'
    WHEN 45 THEN 'mctp' ELSE CAST(family AS TEXT) END AS family,
  CASE type WHEN 1 THEN 'stream' WHEN 2 THEN 'dgram' WHEN 3 THEN 'raw' WHEN 4 THEN 'rdm'
    WHEN 5 THEN 'seqpacket' WHEN 6 THEN 'dccp' WHEN 10 THEN 'packet'
    ELSE CAST(type AS TEXT) END AS type,
  protocol,
  CASE
    WHEN family = 17 THEN CASE protocol
      WHEN 3 THEN 'ETH_P_ALL' WHEN 4 THEN 'ETH_P_802_2' WHEN 2048 THEN 'ETH_P_IP'
      WHEN 2054 THEN 'ETH_P_ARP' WHEN 34525 THEN 'ETH_P_IPV6' WHEN 34958 THEN 'ETH_P_PAE'
      WHEN 35020 THEN 'ETH_P_LLDP' END
    WHEN family = 16 THEN CASE protocol
      WHEN 0 THEN 'NETLINK_ROUTE' WHEN 2 THEN 'NETLINK_USERSOCK'
      WHEN 4 THEN 'NETLINK_SOCK_DIAG' WHEN 5 THEN 'NETLINK_NFLOG'
      WHEN 6 THEN 'NETLINK_XFRM' WHEN 7 THEN 'NETLINK_SELINUX'
      WHEN 8 THEN 'NETLINK_ISCSI' WHEN 9 THEN 'NETLINK_AUDIT'
      WHEN 10 THEN 'NETLINK_FIB_LOOKUP' WHEN 11 THEN 'NETLINK_CONNECTOR'
      WHEN 12 THEN 'NETLINK_NETFILTER' WHEN 15 THEN 'NETLINK_KOBJECT_UEVENT'
      WHEN 16 THEN 'NETLINK_GENERIC' WHEN 18 THEN 'NETLINK_SCSITRANSPORT'
      WHEN 20 THEN 'NETLINK_RDMA' WHEN 21 THEN 'NETLINK_CRYPTO' END
    WHEN family IN (2, 10) THEN CASE protocol
      WHEN 1 THEN 'IPPROTO_ICMP' WHEN 2 THEN 'IPPROTO_IGMP' WHEN 6 THEN 'IPPROTO_TCP'
      WHEN 17 THEN 'IPPROTO_UDP' WHEN 33 THEN 'IPPROTO_DCCP' WHEN 41 THEN 'IPPROTO_IPV6'
      WHEN 47 THEN 'IPPROTO_GRE' WHEN 50 THEN 'IPPROTO_ESP' WHEN 51 THEN 'IPPROTO_AH'
      WHEN 58 THEN 'IPPROTO_ICMPV6' WHEN 132 THEN 'IPPROTO_SCTP'
      WHEN 136 THEN 'IPPROTO_UDPLITE' WHEN 255 THEN 'IPPROTO_RAW'
      WHEN 262 THEN 'IPPROTO_MPTCP' END
    WHEN family = 31 THEN CASE protocol
      WHEN 0 THEN 'BTPROTO_L2CAP' WHEN 1 THEN 'BTPROTO_HCI' WHEN 2 THEN 'BTPROTO_SCO'
      WHEN 3 THEN 'BTPROTO_RFCOMM' END
  END AS protocol_name,
  count, first, last
FROM sockets_made;

CREATE VIEW control AS
SELECT
  ts, process AS process_id, CAST('sensor' AS TEXT) AS op,
  CAST(NULL AS INTEGER) AS target_id,
  CAST(event || coalesce(': ' || detail, '') AS TEXT) AS detail,
  -- further columns
  CAST(NULL AS INTEGER) AS connection_id,
  CAST(NULL AS INTEGER) AS pipe_id,
  CAST(ts AS INTEGER) AS last, CAST(1 AS INTEGER) AS count, CAST(NULL AS INTEGER) AS value,
  CAST(0 AS INTEGER) AS tried,
  CAST(NULL AS TEXT) AS path, CAST(NULL AS INTEGER) AS control_id
FROM sensor_events
WHERE process IS NOT NULL
UNION ALL
SELECT
  ts, process, CAST(CASE op WHEN 1 THEN 'fd_pass' WHEN 2 THEN 'fd_pass' WHEN 3 THEN 'ptrace'
    WHEN 4 THEN 'signal' WHEN 5 THEN 'vm_read' WHEN 6 THEN 'vm_write' WHEN 7 THEN 'module_load'
    WHEN 8 THEN 'module_unload' WHEN 9 THEN 'bpf_load' WHEN 10 THEN 'mount' WHEN 11 THEN 'umount'
    WHEN 12 THEN 'pivot_root' WHEN 13 THEN 'chroot' WHEN 14 THEN 'setns' WHEN 15 THEN 'unshare'
    WHEN 16 THEN 'kexec' WHEN 17 THEN 'keyctl' WHEN 18 THEN 'sysctl' END AS TEXT), target,
  CAST(CASE op
    WHEN 1 THEN (SELECT value FROM strings WHERE id = path)
    WHEN 2 THEN 'taken: ' || (SELECT value FROM strings WHERE id = path)
    WHEN 3 THEN CASE value & 3 WHEN 1 THEN 'read' WHEN 2 THEN 'attach' END
    WHEN 4 THEN 'signal ' || value
    WHEN 5 THEN value || ' bytes'
    WHEN 6 THEN value || ' bytes'
    WHEN 10 THEN coalesce((SELECT value FROM strings WHERE id = detail) || ' on ', '') ||
      coalesce((SELECT value FROM strings WHERE id = path), 'unknown')
    WHEN 12 THEN coalesce((SELECT value FROM strings WHERE id = path), 'unknown') ||
      coalesce(', old root on ' || (SELECT value FROM strings WHERE id = new_path), '')
    WHEN 14 THEN printf('0x%x', value)
    WHEN 15 THEN printf('0x%x', value)
    WHEN 16 THEN nullif(ltrim(coalesce((SELECT value FROM strings WHERE id = path), '')
      || iif(value, ' for a crash', '')), '')
    WHEN 17 THEN 'operation ' || value
    ELSE coalesce((SELECT value FROM strings WHERE id = detail),
      (SELECT value FROM strings WHERE id = path)) END AS TEXT),
  connection, pipe, CAST(coalesce(last, ts) AS INTEGER), CAST(coalesce(count, 1) AS INTEGER),
  value, CAST(coalesce(flags & 1, 0) AS INTEGER),
  CAST((SELECT value FROM strings WHERE id = path) AS TEXT), id
FROM controls;

CREATE VIEW cgroup_move AS
SELECT ts, process AS process_id, target AS target_id, container AS container_id
FROM cgroup_moves;

CREATE VIEW loss AS
SELECT from_ts, to_ts, boot AS boot_id, cpu, class, cause, lost FROM losses;

-- Per load of the module and class: received + lost is what the module counted
-- as reported (kith status), once all is drained.
CREATE VIEW account AS
SELECT
  l.id AS load_id, l.boot AS boot_id, l.loaded, c.class,
  coalesce((SELECT count FROM received r WHERE r.load = l.id AND r.class = c.number), 0)
    AS received,
  coalesce((SELECT sum(total) FROM loss_totals t WHERE t.load = l.id AND t.class = c.number), 0)
    AS lost
FROM loads l,
  (SELECT column1 AS number, column2 AS class FROM (VALUES
    (0, 'process'), (1, 'execution'), (2, 'credential'), (3, 'cgroup'),
    (4, 'sensor'), (5, 'failed-exec'), (6, 'connection'), (7, 'control'),
    (8, 'file'), (9, 'change'))) c;

CREATE VIEW sensor AS
SELECT ts, event, detail, boot AS boot_id FROM sensor_events;

-- Ids grow with the time at which kithd has met what they stand for, and so tell when that
-- was: the one index by time that there is.
CREATE VIEW segment AS
SELECT
  t.segment AS segment_id, t.name, t.first_id, t.last_id, t.rows, t.first, t.last,
  s.closed,
  CAST(s.seal IS NOT NULL AS INTEGER) AS sealed,
  (SELECT ts FROM sensor_events WHERE id = t.dropped) AS dropped
FROM segment_tables t
CROSS JOIN segments s ON s.id = t.segment
UNION ALL
SELECT
  CAST(coalesce((SELECT max(id) FROM segments), 0) + 1 AS INTEGER), n.name,
  CAST(coalesce((SELECT last_id FROM segment_tables t WHERE t.name = n.name
    ORDER BY segment DESC LIMIT 1), 0) + 1 AS INTEGER),
  CAST(9223372036854775807 AS INTEGER), CAST(NULL AS INTEGER), CAST(NULL AS INTEGER),
  CAST(NULL AS INTEGER), CAST(NULL AS INTEGER), CAST(0 AS INTEGER), CAST(NULL AS INTEGER)
FROM placed n;
