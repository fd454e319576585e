-- SPDX-License-Identifier: GPL-2.0-only
-- What happened as documents of Elastic Common Schema 8.11. What is not known is left out: a
-- member that is NULL becomes nothing. Names of our own are below kith.

-- They are made without SQLite's own JSON functions, which older releases take for unsafe
-- in views where trusted_schema is off. In texts that others chose quotes and backslashes
-- are escaped at once; the rest for a whole document at its end, if one of its texts has
-- such bytes: controls, what does not show, and what is not UTF-8, which becomes U+DC80 to
-- U+DCFF, as kith --json writes it. In column bare it is not: kith export does that faster.

-- The parts, t, are read one after the other by a co-routine, and the document of any of them
-- is made in one place. SQLite would make it anew for each of them, in code, if all of their
-- columns had the same types: execution_id has not. What is asked of ts, source, first, last
-- and part reaches the tables all the same.
CREATE VIEW ecs_event AS
SELECT
  d.ts, d.source, d.row_key, d.process_id,
  CASE WHEN d.told NOT GLOB '*[^ -~]*' THEN d.bare ELSE (SELECT (
    -- in slices, since each look into a large value copies it; none cuts a character
    WITH RECURSIVE slice(i, size) AS (
      SELECT 1, 0
      UNION ALL
      SELECT i + size, 256 + CASE
        WHEN substr(hex(substr(b, i + size + 256, 3)), 1, 1) NOT BETWEEN '8' AND 'B' THEN 0
        WHEN substr(hex(substr(b, i + size + 256, 3)), 3, 1) NOT BETWEEN '8' AND 'B' THEN 1
        WHEN substr(hex(substr(b, i + size + 256, 3)), 5, 1) NOT BETWEEN '8' AND 'B' THEN 2
        ELSE 3 END
      FROM slice
      WHERE i + size <= length(b)
    )
    SELECT group_concat(CASE WHEN CAST(w AS TEXT) NOT GLOB '*[^ -~]*' THEN CAST(w AS TEXT) ELSE (
      WITH RECURSIVE place(i, size) AS (
        SELECT 1, 0
        UNION ALL
        SELECT i + size, CASE
          WHEN hex(substr(w, i + size, 1)) < '80' THEN 1
          WHEN hex(substr(w, i + size, 1)) BETWEEN 'C2' AND 'DF'
            AND char(unicode(CAST(substr(w, i + size, 2) AS TEXT)))
              = CAST(substr(w, i + size, 2) AS TEXT) THEN 2
          WHEN hex(substr(w, i + size, 1)) BETWEEN 'E0' AND 'EF'
            AND char(unicode(CAST(substr(w, i + size, 3) AS TEXT)))
              = CAST(substr(w, i + size, 3) AS TEXT) THEN 3
          -- no characters, but UTF-8; SQLite takes them for something else
          WHEN substr(w, i + size, 3) IN (x'efbfbe', x'efbfbf') THEN 3
          WHEN hex(substr(w, i + size, 1)) BETWEEN 'F0' AND 'F4'
            AND char(unicode(CAST(substr(w, i + size, 4) AS TEXT)))
              = CAST(substr(w, i + size, 4) AS TEXT) THEN 4
          ELSE 1 END
        FROM place
        WHERE i + size <= length(w)
      )
      SELECT group_concat(CASE
        WHEN u < 32 THEN printf('\u%04x', u)
        WHEN u < 127 THEN char(u)
        WHEN size = 1 AND u > 127 THEN '\udc' || lower(hex(substr(w, i, 1)))
        WHEN u < 161 OR EXISTS (SELECT 1 FROM (VALUES (173, 173), (847, 847), (1564, 1564),
            (4447, 4448), (5760, 5760), (6068, 6069), (6155, 6159), (8192, 8207), (8232, 8239),
            (8287, 8303), (10240, 10240), (12288, 12288), (12644, 12644), (65024, 65039),
            (65279, 65279), (65440, 65440), (65520, 65531), (113824, 113827), (119155, 119162),
            (917504, 921599)) WHERE u BETWEEN column1 AND column2)
          THEN iif(u < 65536, printf('\u%04x', u),
            printf('\u%04x\u%04x', 55232 + (u >> 10), 56320 + (u & 1023)))
        ELSE CAST(substr(w, i, size) AS TEXT) END, '')
      FROM (SELECT i, size, unicode(CAST(substr(w, i, size) AS TEXT)) AS u FROM place
        WHERE size)) END, '')
    FROM (SELECT substr(b, i, size) AS w FROM slice WHERE size)
    ) FROM (SELECT CAST(d.bare AS BLOB) AS b)) END AS event,
  -- further columns
  d.first, d.last, d.part, d.bare
FROM (SELECT
  t.ts, t.source, t.row_key, t.process_id, t.first, t.last, t.part,
  '{"host":{' || coalesce('"boot":{"id":"' || b.uuid || '"},', '')
      || printf('"os":{"type":"linux"}},"@timestamp":"%s","ecs":{"version":"8.11.0"},'
        || '"event":{"module":"kith","dataset":"kith.%s","id":"%s/%s",%s}%s%s%s%s%s%s}',
        strftime('%Y-%m-%dT%H:%M:%S', t.ts / 1000000000, 'unixepoch')
          || printf('.%09dZ', t.ts % 1000000000),
        t.source, t.source, t.row_key, t.event,
        iif(p.id IS NULL, '', printf(
          ',"process":{"entity_id":"%s:%d:%d","pid":%d,"start":"%s"%s%s%s%s%s%s%s%s}',
          b.uuid, p.key & 4194303, p.started, p.key & 4194303,
          strftime('%Y-%m-%dT%H:%M:%S', p.started / 1000000000, 'unixepoch')
            || printf('.%09dZ', p.started % 1000000000),
          coalesce((SELECT ',"executable":"' || path || '","name":"'
              || replace(path, rtrim(path, replace(path, '/', '')), '') || '"'
            FROM (SELECT replace(replace(x.path, '\', '\\'), '"', '\"') AS path)
            WHERE path <> ''),
            ',"name":"' || replace(replace(p.comm, '\', '\\'), '"', '\"') || '"', ''),
          coalesce(',"command_line":"' || replace(replace(argv.value, '\', '\\'), '"', '\"') || '"',
            ''),
          coalesce(',"working_directory":"' || replace(replace(cwd.value, '\', '\\'), '"', '\"')
            || '"', ''),
          -- of what it ran last
          coalesce(iif(i.id = p.execution, ',"hash":{"sha256":"' || (SELECT exe_sha256
            FROM process WHERE process_id = p.id) || '"}', NULL), ''),
          coalesce(',"user":{"id":"' || c.euid || '"},"real_user":{"id":"' || c.uid || '"}', ''),
          coalesce(',"group":{"id":"' || c.egid || '"}', ''),
          iif(q.id IS NULL, '', printf(
            ',"parent":{"entity_id":"%s:%d:%d","pid":%d,"start":"%s"%s%s}',
            b.uuid, q.key & 4194303, q.started, q.key & 4194303,
            strftime('%Y-%m-%dT%H:%M:%S', q.started / 1000000000, 'unixepoch')
              || printf('.%09dZ', q.started % 1000000000),
            coalesce((SELECT ',"executable":"' || path || '","name":"'
                || replace(path, rtrim(path, replace(path, '/', '')), '') || '"'
              FROM (SELECT replace(replace(y.path, '\', '\\'), '"', '\"') AS path)
              WHERE path <> ''), ''),
            coalesce(',"command_line":"'
              || replace(replace(parent_argv.value, '\', '\\'), '"', '\"') || '"', ''))),
          t.process)),
        coalesce(',"user":{"id":"' || coalesce(t.uid, c.uid) || '"'
          || iif(coalesce(t.uid, c.uid), '', ',"name":"root"')
          || coalesce(',"effective":{"id":"' || coalesce(t.euid, c.euid) || '"'
            || iif(coalesce(t.euid, c.euid), '', ',"name":"root"') || '}', '')
          || coalesce(',"changes":{"id":"' || t.uid_to || '"'
            || iif(t.uid_to, '', ',"name":"root"') || '}', '') || '}', ''),
        coalesce(',"group":{"id":"' || coalesce(t.gid, c.gid) || '"}', ''),
        coalesce(',"container":{"runtime":"' || replace(replace(k.runtime, '\', '\\'), '"', '\"')
          || '"'
          || coalesce(',"id":"' || replace(replace(k.runtime_id, '\', '\\'), '"', '\"') || '"', '')
          || coalesce(iif(length(k.name) = 64 AND k.name NOT GLOB '*[^0-9a-f]*', NULL,
            ',"name":"' || replace(replace(k.name, '\', '\\'), '"', '\"') || '"'), '')
          || coalesce(',"image":{"name":"'
            || replace(replace(k.image, '\', '\\'), '"', '\"') || '"}', '')
          || '}', ''),
        t.more,
        coalesce(',"kith":{' || nullif(substr(
          coalesce(',"process_id":' || t.process_id, '')
          || coalesce(',"comm":"' || replace(replace(p.comm, '\', '\\'), '"', '\"') || '"', '')
          || coalesce(',"unit":"' || replace(replace(k.unit, '\', '\\'), '"', '\"') || '"', '')
          || coalesce(',"login":' || c.loginuid, '')
          || coalesce(',"session":' || c.session, '')
          || iif(o.id IS NULL, '', printf(',"%s":{"entity_id":"%s:%d:%d","pid":%d%s}', t.other,
            b.uuid, o.key & 4194303, o.started, o.key & 4194303,
            coalesce(',"executable":"'
              || replace(replace(nullif(z.path, ''), '\', '\\'), '"', '\"') || '"', '')))
          || t.ours, 2), '') || '}', '')) AS bare,
  -- all that others chose
  printf('%s%s%s%s%s%s%s%s%s%s%s%s', t.told, x.path, argv.value, cwd.value, p.comm, y.path,
    parent_argv.value, k.name, k.runtime_id, k.runtime, k.unit, k.image, z.path) AS told
FROM (
  SELECT
    from_ts AS ts, CAST('loss' AS TEXT) AS source, CAST(id AS TEXT) AS row_key,
    CAST(NULL AS INTEGER) AS process_id, from_ts AS first, to_ts AS last,
    CAST(1 AS INTEGER) AS part, boot AS boot_id,
    -- what it ran, if that is known here, and when that is asked for, if it is not
    NULL AS execution_id, NULL AS at,
    NULL AS parent_id, NULL AS parent_execution_id, NULL AS other_id, NULL AS other,
    NULL AS uid, NULL AS euid, NULL AS gid, NULL AS uid_to,
    printf('"kind":"pipeline_error","category":["host"],"type":["info"],"action":"loss",'
      || '"start":"%s","end":"%s","duration":%d',
      strftime('%Y-%m-%dT%H:%M:%S', from_ts / 1000000000, 'unixepoch')
        || printf('.%09dZ', from_ts % 1000000000),
      strftime('%Y-%m-%dT%H:%M:%S', to_ts / 1000000000, 'unixepoch')
        || printf('.%09dZ', to_ts % 1000000000),
      to_ts - from_ts) AS event,
    '' AS process, '' AS more,
    ',"class":"' || replace(replace(class, '\', '\\'), '"', '\"') || '","cause":"'
      || replace(replace(cause, '\', '\\'), '"', '\"') || '"' || coalesce(',"cpu":' || cpu, '')
      || coalesce(',"lost":' || lost, '') AS ours,
    class || cause AS told
  FROM losses
  UNION ALL
  SELECT
    ts, CAST('sensor' AS TEXT), CAST(id AS TEXT), process, ts, ts, CAST(2 AS INTEGER), boot,
    NULL, ts, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    '"kind":"event","category":["host"],"type":["info"],"action":"'
      || replace(replace(event, '\', '\\'), '"', '\"') || '"',
    '', coalesce(',"message":"' || replace(replace(detail, '\', '\\'), '"', '\"') || '"', ''), '',
    event || coalesce(detail, '')
  FROM sensor_events
  UNION ALL
  SELECT
    started, CAST('process' AS TEXT), CAST(id || '/start' AS TEXT), id, started, started,
    CAST(3 AS INTEGER), boot,
    -- at its beginning what its creator ran
    coalesce(iif((SELECT iif(live, r.started, ts) FROM executions WHERE id = r.execution)
        <= r.started, r.execution, NULL),
      (SELECT execution FROM processes WHERE id = coalesce(r.creator, r.parent)
        AND execution < r.execution), r.execution), started,
    NULL, (SELECT execution FROM processes WHERE id = r.parent AND execution < r.execution),
    NULL, NULL, NULL, NULL, NULL, NULL,
    '"kind":"event","category":["process"],"type":["start"],"action":"fork"', '', '', '', ''
  FROM processes r
  UNION ALL
  SELECT
    e.ts, CAST('execution' AS TEXT), CAST(e.id AS TEXT), e.process, e.ts, e.ts,
    CAST(4 AS INTEGER), CAST(NULL AS INTEGER), e.id, e.ts, e.parent,
    -- as in sigma_process_creation
    CASE WHEN q.execution < e.id OR q.execution IS NULL THEN q.execution
      ELSE (WITH RECURSIVE ran(id, previous) AS (
          SELECT id, previous FROM executions WHERE id = q.execution
          UNION ALL
          SELECT w.id, w.previous
          FROM ran CROSS JOIN executions w ON w.id = ran.previous WHERE ran.id > e.id
        ) SELECT min(id) FROM ran) END,
    NULL, NULL, NULL, NULL, NULL, NULL,
    printf('"kind":"event","category":["process"],"type":["%s"],"action":"exec",'
      || '"outcome":"%s"', iif(e.error, 'info', 'start'), iif(e.error, 'failure', 'success')),
    '', coalesce(',"error":{"code":"' || nullif(e.error, 0) || '"}', ''),
    ',"execution_id":' || e.id
      || coalesce(',"script":"' || replace(replace(script.value, '\', '\\'), '"', '\"') || '"', ''),
    coalesce(script.value, '')
  FROM executions e
  LEFT JOIN processes q ON q.id = e.parent
  LEFT JOIN strings script ON script.id = e.script
  WHERE e.live IS NULL
  UNION ALL
  SELECT
    ts, CAST('credential' AS TEXT), CAST(credential_id AS TEXT), process_id, ts,
    CAST(last AS INTEGER), CAST(5 AS INTEGER), CAST(NULL AS INTEGER), NULL, ts, NULL, NULL,
    NULL, NULL, uid_from, euid_to, gid_to, uid_to,
    printf('"kind":"%s","category":["process"],"type":["change"],"action":"%s",'
      || '"outcome":"success","start":"%s","end":"%s","duration":%d',
      iif(unexplained, 'alert', 'event'), coalesce(cause, 'other'),
      strftime('%Y-%m-%dT%H:%M:%S', ts / 1000000000, 'unixepoch')
        || printf('.%09dZ', ts % 1000000000),
      strftime('%Y-%m-%dT%H:%M:%S', last / 1000000000, 'unixepoch')
        || printf('.%09dZ', last % 1000000000),
      last - ts),
    '', '',
    printf(',"unexplained":%s,"count":%d', iif(unexplained, 'true', 'false'), count)
      || coalesce(',"uid_from":' || uid_from, '') || coalesce(',"uid_to":' || uid_to, '')
      || coalesce(',"euid_from":' || euid_from, '') || coalesce(',"euid_to":' || euid_to, '')
      || coalesce(',"gid_from":' || gid_from, '') || coalesce(',"gid_to":' || gid_to, '')
      || iif(caps_from IS NULL, '', printf(',"caps_from":"%x"', caps_from))
      || iif(caps_to IS NULL, '', printf(',"caps_to":"%x"', caps_to)),
    ''
  FROM credential
  UNION ALL
  SELECT
    l.started, CAST('listener' AS TEXT), CAST(l.id AS TEXT), l.process, l.started,
    CAST(coalesce(l.ended, (SELECT min(first) FROM boots WHERE id > d.boot)) AS INTEGER),
    CAST(6 AS INTEGER), d.boot, NULL, l.started, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    printf('"kind":"event","category":["network"],"type":["start"%s],"action":"listen",'
      || '"start":"%s"%s', iif(l.ended IS NULL, '', ',"end"'),
      strftime('%Y-%m-%dT%H:%M:%S', l.started / 1000000000, 'unixepoch')
        || printf('.%09dZ', l.started % 1000000000),
      coalesce(',"end":"' || strftime('%Y-%m-%dT%H:%M:%S', l.ended / 1000000000, 'unixepoch')
        || printf('.%09dZ', l.ended % 1000000000) || '","duration":' || (l.ended - l.started), '')),
    '', coalesce(',"server":{' || nullif(substr(
        coalesce(',"ip":"' || l.addr || '"', '')
        || coalesce(',"address":"'
          || replace(replace(coalesce(l.name, l.addr), '\', '\\'), '"', '\"') || '"', '')
        || coalesce(',"port":' || l.port, ''), 2), '') || '}', '')
      || coalesce(',"network":{' || nullif(substr(
        coalesce(',"transport":"' || iif(n.id < 3, n.name, NULL) || '"', '')
        || coalesce(',"type":"' || iif(instr(l.addr, ':'), 'ipv6', nullif('ipv4', l.addr IS NULL))
          || '"', ''), 2), '') || '}', ''),
    ',"listener_id":' || l.id || coalesce(',"protocol":"' || n.name || '"', ''),
    coalesce(l.name, '')
  FROM listeners l
  LEFT JOIN loads d ON d.id = l.load
  LEFT JOIN protocols n ON n.id = l.protocol
  UNION ALL
  -- each conversation from either end, with addresses as that end has them
  SELECT
    w.started, CAST('connection' AS TEXT), CAST(w.connection_id || '/' || w.side AS TEXT),
    w.process_id, w.started,
    CAST(coalesce(w.ended, (SELECT min(first) FROM boots WHERE id > w.boot_id)) AS INTEGER),
    w.part, w.boot_id, NULL, w.started, NULL, NULL, w.peer_id,
    iif(w.side = 'client', 'server', 'client'), NULL, NULL, NULL, NULL,
    printf('"kind":"event","category":["network"],"type":["connection","start"%s],'
      || '"action":"connection_%s","outcome":"%s","start":"%s"%s',
      iif(w.ended IS NULL, '', ',"end"'), iif(w.side = 'client', 'attempted', 'accepted'),
      CASE WHEN w.established OR w.open THEN 'success' WHEN w.error THEN 'failure'
        ELSE 'unknown' END,
      strftime('%Y-%m-%dT%H:%M:%S', w.started / 1000000000, 'unixepoch')
        || printf('.%09dZ', w.started % 1000000000),
      coalesce(',"end":"' || strftime('%Y-%m-%dT%H:%M:%S', w.ended / 1000000000, 'unixepoch')
        || printf('.%09dZ', w.ended % 1000000000) || '","duration":' || (w.ended - w.started), '')),
    '', printf('%s,"source":{%s%s"bytes":%d},"destination":{%s%s"bytes":%d},"network":{%s%s%s'
      || '"bytes":%d}',
      coalesce(',"error":{"code":"' || nullif(w.error, 0) || '"}', ''),
      coalesce(replace('"ip":"*","address":"*",', '*', CASE w.side WHEN 'client'
        THEN r.client_addr ELSE coalesce(r.seen_addr, r.client_addr) END), ''),
      coalesce('"port":' || w.client_port || ',', ''),
      iif(w.side = 'client', w.sent, w.received),
      coalesce(replace('"ip":"*","address":"*",', '*', CASE w.side WHEN 'client'
        THEN coalesce(r.dialled_addr, r.server_addr) ELSE r.server_addr END),
        '"address":"' || replace(replace(r.name, '\', '\\'), '"', '\"') || '",', ''),
      coalesce('"port":' || CASE w.side WHEN 'client'
        THEN coalesce(r.dialled_port, r.server_port) ELSE r.server_port END || ',', ''),
      iif(w.side = 'client', w.received, w.sent),
      iif(r.protocol < 3, '"transport":"' || n.name || '",', ''),
      CASE WHEN instr(r.server_addr, ':') THEN '"type":"ipv6",'
        WHEN r.server_addr NOT NULL THEN '"type":"ipv4",' ELSE '' END,
      CASE WHEN w.scope IN ('same-container', 'same-host') THEN '"direction":"internal",'
        WHEN w.side = 'client' THEN '"direction":"egress",' ELSE '"direction":"ingress",' END,
      w.sent + w.received),
    printf(',"connection_id":%d,"scope":"%s"', w.connection_id, w.scope)
      || coalesce(',"protocol":"' || n.name || '"', '')
      || coalesce(',"peer_id":' || w.peer_id, ''),
    coalesce(r.name, '')
  FROM (
    SELECT
      started, ended, CAST(7 AS INTEGER) AS part, CAST('client' AS TEXT) AS side,
      client_id AS process_id, server_id AS peer_id, bytes_to_server AS sent,
      bytes_to_client AS received, client_port, connection_id, scope, established,
      error, open, route_id, boot_id, CAST(NULL AS INTEGER) AS mixed
    FROM connection
    WHERE run_id IS NULL AND (client_id IS NOT NULL OR server_id IS NULL)
    UNION ALL
    SELECT
      started, ended, CAST(8 AS INTEGER), CAST('server' AS TEXT),
      server_id, client_id, bytes_to_client,
      bytes_to_server, seen_port, connection_id, scope, established,
      error, open, route_id, boot_id, NULL
    FROM connection
    WHERE run_id IS NULL AND server_id IS NOT NULL
    UNION ALL
    SELECT
      started, ended, CAST(9 AS INTEGER), CAST('client' AS TEXT),
      client_id, server_id, bytes_to_server,
      bytes_to_client, client_port, connection_id, scope, established,
      error, open, route_id, boot_id, NULL
    FROM connection
    WHERE run_id IS NOT NULL AND (client_id IS NOT NULL OR server_id IS NULL)
    UNION ALL
    SELECT
      started, ended, CAST(10 AS INTEGER), CAST('server' AS TEXT),
      server_id, client_id, bytes_to_client,
      bytes_to_server, seen_port, connection_id, scope, established,
      error, open, route_id, boot_id, NULL
    FROM connection
    WHERE run_id IS NOT NULL AND server_id IS NOT NULL
  ) w
  LEFT JOIN routes r ON r.id = w.route_id
  LEFT JOIN protocols n ON n.id = r.protocol
  UNION ALL
  SELECT
    a.first, CAST('file_access' AS TEXT), CAST(a.id AS TEXT), a.process, a.first,
    CAST(a.first + a.lasted AS INTEGER), CAST(11 AS INTEGER), CAST(NULL AS INTEGER), NULL,
    a.first + a.lasted, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    printf('"kind":"event","category":["file"],"type":[%s],"action":"%s","start":"%s",'
      || '"end":"%s","duration":%d',
      substr(iif(a.flags & 1, ',"creation"', '')
        || iif(a.writes > 0 OR a.flags & 528, ',"change"', '')
        || iif(a.reads > 0 OR NOT a.flags & 1 AND coalesce(a.writes, 0) = 0 AND NOT a.flags & 528,
          ',"access"', ''), 2),
      CASE WHEN a.flags & 1 THEN 'create' WHEN a.writes > 0 OR a.flags & 16 THEN 'write'
        WHEN a.flags & 512 THEN 'truncate' WHEN a.flags & 4 THEN 'load'
        WHEN a.reads > 0 OR a.flags & 2 THEN 'read' ELSE 'open' END,
      strftime('%Y-%m-%dT%H:%M:%S', a.first / 1000000000, 'unixepoch')
        || printf('.%09dZ', a.first % 1000000000),
      strftime('%Y-%m-%dT%H:%M:%S', (a.first + a.lasted) / 1000000000, 'unixepoch')
        || printf('.%09dZ', (a.first + a.lasted) % 1000000000),
      a.lasted),
    '', coalesce(',"file":{' || nullif(substr(
        coalesce((SELECT ',"path":"' || path || '","name":"'
            || replace(path, rtrim(path, replace(path, '/', '')), '') || '"'
            || coalesce(',"directory":"' || nullif(coalesce(nullif(rtrim(rtrim(path,
              replace(path, '/', '')), '/'), ''), iif(path GLOB '/?*', '/', '')), '') || '"', '')
          FROM (SELECT replace(replace(coalesce(path.value, old.value), '\', '\\'),
            '"', '\"') AS path)
          WHERE path <> ''), '')
        || coalesce(',"inode":"' || f.inode || '"', '')
        || CASE f.kind WHEN 1 THEN ',"type":"file"' WHEN 3 THEN ',"type":"dir"' ELSE '' END, 2),
        '') || '}', ''),
    printf(',"access_id":%d,"reads":%d,"bytes_read":%d,"writes":%d,"bytes_written":%d,'
      || '"mapped":%s,"sensitive":%s,"truncated":%s', a.id, a.reads, a.bytes_read, a.writes,
      a.bytes_written, iif(a.flags & 2, 'true', 'false'), iif(a.flags & 1024, 'true', 'false'),
      iif(a.flags & 512, 'true', 'false')),
    coalesce(path.value, old.value, '')
  FROM accesses a
  LEFT JOIN paths path ON path.id = a.path
  LEFT JOIN strings old ON old.id = a.path AND path.id IS NULL
  LEFT JOIN files f ON f.id = a.file
  WHERE NOT a.flags >> 15 & 1
  UNION ALL
  SELECT
    ts, CAST('file_change' AS TEXT), CAST(change_id AS TEXT), process_id, ts,
    CAST(last AS INTEGER), CAST(12 AS INTEGER), CAST(NULL AS INTEGER), NULL, last, NULL, NULL,
    NULL, NULL, NULL, NULL, NULL, NULL,
    printf('"kind":"event","category":["file"],"type":["%s"],"action":"%s","outcome":"%s",'
      || '"start":"%s","end":"%s","duration":%d',
      CASE WHEN op IN ('create', 'mkdir', 'link', 'symlink') THEN 'creation'
        WHEN op IN ('unlink', 'rmdir') THEN 'deletion' ELSE 'change' END,
      coalesce(op, 'other'), iif(error, 'failure', 'success'),
      strftime('%Y-%m-%dT%H:%M:%S', ts / 1000000000, 'unixepoch')
        || printf('.%09dZ', ts % 1000000000),
      strftime('%Y-%m-%dT%H:%M:%S', last / 1000000000, 'unixepoch')
        || printf('.%09dZ', last % 1000000000),
      last - ts),
    '', coalesce(',"error":{"code":"' || nullif(error, 0) || '"}', '')
      || coalesce(',"file":{' || nullif(substr(
        coalesce((SELECT ',"path":"' || path || '","name":"'
            || replace(path, rtrim(path, replace(path, '/', '')), '') || '"'
            || coalesce(',"directory":"' || nullif(coalesce(nullif(rtrim(rtrim(path,
              replace(path, '/', '')), '/'), ''), iif(path GLOB '/?*', '/', '')), '') || '"', '')
          FROM (SELECT replace(replace(coalesce(new_path, path), '\', '\\'), '"', '\"') AS path)
          WHERE path <> ''), '')
        || coalesce(',"inode":"' || inode || '"', '')
        || iif(op = 'symlink', coalesce(',"target_path":"'
          || replace(replace(detail, '\', '\\'), '"', '\"') || '"', ''), ''), 2), '') || '}', ''),
    iif(new_path IS NULL, '', coalesce(',"old_path":"'
        || replace(replace(path, '\', '\\'), '"', '\"') || '"', ''))
      || coalesce(',"detail":"' || replace(replace(detail, '\', '\\'), '"', '\"') || '"', '')
      || ',"count":' || count || iif(unsure, ',"unsure":true', ''),
    printf('%s%s%s', path, new_path, detail)
  FROM file_change
  WHERE change_id IS NOT NULL
  UNION ALL
  SELECT
    ts, CAST('control' AS TEXT), CAST(control_id AS TEXT), process_id, ts,
    CAST(last AS INTEGER), CAST(13 AS INTEGER), CAST(NULL AS INTEGER), NULL, ts, NULL, NULL,
    target_id, 'target', NULL, NULL, NULL, NULL,
    printf('"kind":"event","category":["%s"],"type":["%s"],"action":"%s","start":"%s",'
      || '"end":"%s","duration":%d',
      iif(op IN ('module_load', 'module_unload'), 'driver', 'process'),
      CASE WHEN op = 'module_load' THEN 'start' WHEN op = 'module_unload' THEN 'end'
        WHEN op IN ('ptrace', 'vm_read') THEN 'access' WHEN op IN ('signal', 'vm_write')
        THEN 'change' ELSE 'info' END,
      coalesce(op, 'other'),
      strftime('%Y-%m-%dT%H:%M:%S', ts / 1000000000, 'unixepoch')
        || printf('.%09dZ', ts % 1000000000),
      strftime('%Y-%m-%dT%H:%M:%S', last / 1000000000, 'unixepoch')
        || printf('.%09dZ', last % 1000000000),
      last - ts),
    '', coalesce(',"message":"' || replace(replace(detail, '\', '\\'), '"', '\"') || '"', ''),
    ',"count":' || count, coalesce(detail, '')
  FROM control
  WHERE control_id IS NOT NULL
  UNION ALL
  SELECT
    CAST(started + lived AS INTEGER), CAST('process' AS TEXT), CAST(id AS TEXT), id, started,
    CAST(started + lived AS INTEGER), CAST(14 AS INTEGER), boot, execution, started + lived,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    printf('"kind":"event","category":["process"],"type":["end"],"action":"exit","start":"%s",'
      || '"end":"%s","duration":%d',
      strftime('%Y-%m-%dT%H:%M:%S', started / 1000000000, 'unixepoch')
        || printf('.%09dZ', started % 1000000000),
      strftime('%Y-%m-%dT%H:%M:%S', (started + lived) / 1000000000, 'unixepoch')
        || printf('.%09dZ', (started + lived) % 1000000000),
      lived),
    coalesce(',"end":"'
      || strftime('%Y-%m-%dT%H:%M:%S', (started + lived) / 1000000000, 'unixepoch')
        || printf('.%09dZ', (started + lived) % 1000000000) || '"', '')
      || coalesce(',"exit_code":' || CASE WHEN status & 127 = 0 THEN status >> 8 & 255 END, ''),
    '', coalesce(',"exit_signal":' || nullif(status & 127, 0), ''), ''
  FROM processes
  WHERE lived IS NOT NULL
) t
LEFT JOIN processes p ON p.id = t.process_id
LEFT JOIN boots b ON b.id = coalesce(p.boot, t.boot_id)
LEFT JOIN executions l ON l.id = p.execution
-- what it ran then, as in file_act
LEFT JOIN executions i ON i.id = CASE
  WHEN t.execution_id IS NOT NULL THEN t.execution_id
  WHEN iif(l.live, t.at, l.ts) <= t.at THEN l.id
  ELSE (WITH RECURSIVE ran(id, ts, previous) AS (
      SELECT id, iif(live, 0, ts), previous FROM executions WHERE id = p.execution
      UNION ALL
      SELECT w.id, iif(w.live, 0, w.ts), w.previous
      FROM ran CROSS JOIN executions w ON w.id = ran.previous WHERE ran.ts > t.at
    ) SELECT min(id) FROM ran) END
LEFT JOIN executables x ON x.id = i.executable
LEFT JOIN strings argv ON argv.id = i.argv
LEFT JOIN strings cwd ON cwd.id = i.cwd
LEFT JOIN contexts c ON c.id = iif(t.source = 'execution', i.context, p.context)
-- what has no runtime is a control group and no more
LEFT JOIN container k ON k.container_id = c.container
LEFT JOIN processes q ON q.id = coalesce(t.parent_id, p.parent)
LEFT JOIN executions j ON j.id = t.parent_execution_id
LEFT JOIN executables y ON y.id = j.executable
LEFT JOIN strings parent_argv ON parent_argv.id = j.argv
LEFT JOIN processes o ON o.id = t.other_id
LEFT JOIN executions m ON m.id = o.execution
LEFT JOIN executables z ON z.id = m.executable) d;
