-- SPDX-License-Identifier: GPL-2.0-only
-- What happened as documents of Open Cybersecurity Schema Framework 1.5, made as those in
-- views-ecs.sql are: what is said there of text and of parts goes for these too. The name of
-- the host is not in the database: kith export writes it in the place of the one at the front.
CREATE VIEW ocsf_event AS
SELECT
  d.ts, d.class_uid, d.class_uid / 1000 AS category_uid, d.activity_id,
  d.class_uid * 100 + d.activity_id AS type_uid, d.ts / 1000000 AS time, d.severity_id,
  d.source, d.row_key, d.process_id,
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
  t.ts, t.class_uid, t.activity_id, t.severity_id, t.source, t.row_key, t.process_id,
  t.first, t.last, t.part,
  (SELECT '{"device":{"hostname":"unknown",' || coalesce('"boot_uid":"' || b.uuid
      || '",', '')
      || printf('"type_id":0,"os":{"name":"Linux","type_id":200}},"category_uid":%d,'
        || '"class_uid":%d,"activity_id":%d,"activity_name":"%s","type_uid":%d,"time":%d,'
        || '"severity_id":%d,"metadata":{"version":"1.5.0","uid":"%s/%s","original_time":"%s",'
        || '"profiles":["host","container"],"product":{"name":"Kith","vendor_name":"Kith"}}'
        || '%s%s%s%s%s}',
        t.class_uid / 1000, t.class_uid, t.activity_id, coalesce(t.activity, CASE t.class_uid
          WHEN 1001 THEN CASE t.activity_id WHEN 1 THEN 'Create' WHEN 2 THEN 'Read'
            WHEN 3 THEN 'Update' WHEN 4 THEN 'Delete' WHEN 5 THEN 'Rename'
            WHEN 6 THEN 'Set Attributes' WHEN 7 THEN 'Set Security' WHEN 12 THEN 'Mount'
            WHEN 13 THEN 'Unmount' WHEN 14 THEN 'Open' END
          WHEN 1002 THEN iif(t.activity_id = 1, 'Load', 'Unload')
          WHEN 1007 THEN CASE t.activity_id WHEN 1 THEN 'Launch' WHEN 2 THEN 'Terminate'
            WHEN 3 THEN 'Open' WHEN 4 THEN 'Inject' WHEN 5 THEN 'Set User ID' END
          WHEN 4001 THEN CASE t.activity_id WHEN 1 THEN 'Open' WHEN 3 THEN 'Reset'
            WHEN 4 THEN 'Fail' WHEN 5 THEN 'Refuse' WHEN 6 THEN 'Traffic'
            WHEN 7 THEN 'Listen' END
          WHEN 6002 THEN iif(t.activity_id = 3, 'Start', 'Stop')
          WHEN 6008 THEN 'General Error' END, 'Other'),
        t.class_uid * 100 + t.activity_id, t.ts / 1000000, t.severity_id, t.source, t.row_key,
        strftime('%Y-%m-%dT%H:%M:%S', t.ts / 1000000000, 'unixepoch')
          || printf('.%09dZ', t.ts % 1000000000),
        -- what was done to which process by which: there has to be an actor
        CASE
          WHEN t.acts IN ('launch', 'self') OR t.acts = 'other' AND o.id IS NULL
            THEN ',"process":{'
          WHEN t.acts = 'other' THEN printf(
            ',"process":{"uid":"%s:%d:%d","pid":%d,"created_time":%d%s},"actor":{"process":{',
            b.uuid, o.key & 4194303, o.started, o.key & 4194303, o.started / 1000000,
            coalesce((SELECT ',"name":"' || replace(path, rtrim(path, replace(path, '/', '')), '')
                || '","file":{"name":"' || replace(path, rtrim(path, replace(path, '/', '')), '')
                || '","path":"' || path || '","type_id":1}'
              FROM (SELECT replace(replace(z.path, '\', '\\'), '"', '\"') AS path)
              WHERE path <> ''), ''))
          WHEN t.acts = 'does' OR p.id THEN ',"actor":{"process":{' ELSE '' END,
        CASE WHEN p.id THEN printf(
          '"uid":"%s:%d:%d","pid":%d,"created_time":%d%s%s%s%s%s%s%s%s',
          b.uuid, p.key & 4194303, p.started, p.key & 4194303, p.started / 1000000,
          coalesce((SELECT ',"name":"' || name || '","file":{"name":"' || name || '","path":"'
              || path || '","type_id":1'
              -- of what it ran last
              || coalesce(iif(i.id = p.execution, ',"hashes":[{"algorithm":"SHA-256",'
                || '"algorithm_id":3,"value":"' || (SELECT exe_sha256 FROM process
                  WHERE process_id = p.id) || '"}]', NULL), '') || '}'
            FROM (SELECT path, replace(path, rtrim(path, replace(path, '/', '')), '') AS name
              FROM (SELECT replace(replace(x.path, '\', '\\'), '"', '\"') AS path))
            WHERE path <> ''),
            ',"name":"' || replace(replace(p.comm, '\', '\\'), '"', '\"') || '"', ''),
          coalesce(',"cmd_line":"' || replace(replace(argv.value, '\', '\\'), '"', '\"')
            || '"', ''),
          coalesce(',"working_directory":"' || replace(replace(cwd.value, '\', '\\'), '"', '\"')
            || '"', ''),
          coalesce(',"user":{"uid":"' || coalesce(t.euid, c.euid) || '"'
            || iif(coalesce(t.euid, c.euid), '', ',"name":"root"') || '}', ''),
          coalesce(',"session":{"uid":"' || c.session || '"}', ''),
          coalesce(',"container":{"runtime":"' || replace(replace(k.runtime, '\', '\\'), '"', '\"')
            || '"'
            || coalesce(',"uid":"' || replace(replace(k.runtime_id, '\', '\\'), '"', '\"')
              || '"', '')
            || coalesce(iif(length(k.name) = 64 AND k.name NOT GLOB '*[^0-9a-f]*', NULL,
              ',"name":"' || replace(replace(k.name, '\', '\\'), '"', '\"') || '"'), '')
            -- what it was started by is the only name that is known of an image
            || coalesce(replace(',"image":{"name":"*","uid":"*"}', '*',
              replace(replace(k.image, '\', '\\'), '"', '\"')), '')
            || '}', ''),
          coalesce(',"parent_process":{' || parent || '}', ''),
          t.process)
          WHEN t.acts NOT NULL THEN '"uid":"unknown"' ELSE '' END,
        CASE
          WHEN t.acts = 'launch'
            THEN '},"actor":{"process":{' || coalesce(parent, '"uid":"unknown"') || '}}'
          WHEN t.acts = 'self' OR t.acts = 'other' AND o.id IS NULL THEN printf(
            '},"actor":{"process":{%s}%s}',
            coalesce('"uid":"' || b.uuid || ':' || (p.key & 4194303) || ':' || p.started
              || '","pid":' || (p.key & 4194303), '"uid":"unknown"'),
            coalesce(',"user":{"uid":"' || t.euid_from || '"'
              || iif(t.euid_from, '', ',"name":"root"') || '}', ''))
          WHEN t.acts NOT NULL OR p.id THEN '}}' ELSE '' END,
        t.more,
        coalesce(',"unmapped":{' || nullif(substr(
          coalesce(',"comm":"' || replace(replace(p.comm, '\', '\\'), '"', '\"') || '"', '')
          || coalesce(',"unit":"' || replace(replace(k.unit, '\', '\\'), '"', '\"') || '"', '')
          || coalesce(',"login":' || c.loginuid, '')
          || iif(t.acts <> 'does' OR o.id IS NULL, '',
            printf(',"%s_process":{"uid":"%s:%d:%d","pid":%d%s}', t.other,
              b.uuid, o.key & 4194303, o.started, o.key & 4194303,
              coalesce(',"path":"' || replace(replace(nullif(z.path, ''), '\', '\\'), '"', '\"')
                || '"', '')))
          || t.ours, 2), '') || '}', ''))
    FROM (SELECT iif(q.id IS NULL, NULL, printf(
        '"uid":"%s:%d:%d","pid":%d,"created_time":%d%s%s',
        b.uuid, q.key & 4194303, q.started, q.key & 4194303, q.started / 1000000,
        coalesce((SELECT ',"name":"' || name || '","file":{"name":"' || name || '","path":"'
            || path || '","type_id":1}'
          FROM (SELECT path, replace(path, rtrim(path, replace(path, '/', '')), '') AS name
            FROM (SELECT replace(replace(y.path, '\', '\\'), '"', '\"') AS path))
          WHERE path <> ''), ''),
        coalesce(',"cmd_line":"' || replace(replace(parent_argv.value, '\', '\\'), '"', '\"')
          || '"', ''))) AS parent)) AS bare,
  -- all that others chose
  printf('%s%s%s%s%s%s%s%s%s%s%s%s', t.told, x.path, argv.value, cwd.value, p.comm, y.path,
    parent_argv.value, k.name, k.runtime_id, k.runtime, k.unit, k.image, z.path) AS told
FROM (
  SELECT
    from_ts AS ts, CAST(6008 AS INTEGER) AS class_uid, CAST(1 AS INTEGER) AS activity_id,
    CAST(3 AS INTEGER) AS severity_id, CAST('loss' AS TEXT) AS source,
    CAST(id AS TEXT) AS row_key, CAST(NULL AS INTEGER) AS process_id, from_ts AS first,
    to_ts AS last, CAST(1 AS INTEGER) AS part, boot AS boot_id,
    -- what it ran, if that is known here, and when that is asked for, if it is not
    NULL AS execution_id, NULL AS at,
    NULL AS parent_id, NULL AS parent_execution_id, NULL AS other_id, NULL AS other,
    NULL AS acts, NULL AS activity, NULL AS euid_from, NULL AS euid, '' AS process,
    printf(',"status_id":2,"start_time":%d,"end_time":%d,"duration":%d,"message":'
      || '"lost %s records of class %s: %s"', from_ts / 1000000, to_ts / 1000000,
      (to_ts - from_ts) / 1000000, coalesce(lost, 'an unknown number of'),
      replace(replace(class, '\', '\\'), '"', '\"'),
      replace(replace(cause, '\', '\\'), '"', '\"')) AS more,
    ',"class":"' || replace(replace(class, '\', '\\'), '"', '\"') || '","cause":"'
      || replace(replace(cause, '\', '\\'), '"', '\"') || '"' || coalesce(',"cpu":' || cpu, '')
      || coalesce(',"lost":' || lost, '') AS ours,
    class || cause AS told
  FROM losses
  UNION ALL
  SELECT
    ts, CAST(6002 AS INTEGER),
    CAST(CASE WHEN event IN ('module loaded', 'collector started') THEN 3
      WHEN event IN ('module unloaded', 'collector stopped') THEN 4 ELSE 99 END AS INTEGER),
    CAST(iif(event = 'hooks blinded', 4, 1) AS INTEGER), CAST('sensor' AS TEXT),
    CAST(id AS TEXT), process, ts, ts, CAST(2 AS INTEGER), boot, NULL, ts, NULL, NULL, NULL,
    NULL, NULL, iif(event IN ('module loaded', 'collector started', 'module unloaded',
      'collector stopped'), NULL, replace(replace(event, '\', '\\'), '"', '\"')), NULL, NULL, '',
    ',"status_id":1,"app":{"name":"Kith","vendor_name":"Kith"},"message":"'
      || replace(replace(event || coalesce(': ' || detail, ''), '\', '\\'), '"', '\"') || '"', '',
    event || coalesce(detail, '')
  FROM sensor_events
  UNION ALL
  SELECT
    started, CAST(1007 AS INTEGER), CAST(1 AS INTEGER), CAST(1 AS INTEGER),
    CAST('process' AS TEXT), CAST(id || '/start' AS TEXT), id, started, started,
    CAST(3 AS INTEGER), boot,
    -- at its beginning what its creator ran
    coalesce(iif((SELECT iif(live, r.started, ts) FROM executions WHERE id = r.execution)
        <= r.started, r.execution, NULL),
      (SELECT execution FROM processes WHERE id = coalesce(r.creator, r.parent)
        AND execution < r.execution), r.execution), started,
    NULL, (SELECT execution FROM processes WHERE id = r.parent AND execution < r.execution),
    NULL, NULL, 'launch', NULL, NULL, NULL, '', ',"status_id":1,"message":"fork"', '', ''
  FROM processes r
  UNION ALL
  SELECT
    e.ts, CAST(1007 AS INTEGER), CAST(1 AS INTEGER), CAST(1 AS INTEGER),
    CAST('execution' AS TEXT), CAST(e.id AS TEXT), e.process, e.ts, e.ts,
    CAST(4 AS INTEGER), CAST(NULL AS INTEGER), e.id, e.ts, e.parent,
    -- as in sigma_process_creation
    CASE WHEN q.execution < e.id OR q.execution IS NULL THEN q.execution
      ELSE (WITH RECURSIVE ran(id, previous) AS (
          SELECT id, previous FROM executions WHERE id = q.execution
          UNION ALL
          SELECT w.id, w.previous
          FROM ran CROSS JOIN executions w ON w.id = ran.previous WHERE ran.id > e.id
        ) SELECT min(id) FROM ran) END,
    NULL, NULL, 'launch', NULL, NULL, NULL, '',
    iif(e.error, ',"status_id":2,"status_code":"' || e.error || '"', ',"status_id":1')
      || ',"message":"exec"',
    coalesce(',"script":"' || replace(replace(script.value, '\', '\\'), '"', '\"') || '"', ''),
    coalesce(script.value, '')
  FROM executions e
  LEFT JOIN processes q ON q.id = e.parent
  LEFT JOIN strings script ON script.id = e.script
  WHERE e.live IS NULL
  UNION ALL
  SELECT
    ts, CAST(1007 AS INTEGER),
    CAST(iif(uid_from IS NOT uid_to OR euid_from IS NOT euid_to, 5, 99) AS INTEGER),
    CAST(iif(unexplained, 4, 1) AS INTEGER), CAST('credential' AS TEXT),
    CAST(credential_id AS TEXT), process_id, ts, CAST(last AS INTEGER), CAST(5 AS INTEGER),
    CAST(NULL AS INTEGER), NULL, ts, NULL, NULL, NULL, NULL, 'self',
    iif(uid_from IS NOT uid_to OR euid_from IS NOT euid_to, NULL, coalesce(cause, 'other')),
    euid_from, euid_to, '',
    printf(',"status_id":1,"start_time":%d,"end_time":%d,"duration":%d,"count":%d,'
      || '"message":"%s"', ts / 1000000, last / 1000000, (last - ts) / 1000000, count,
      coalesce(cause, 'other')),
    ',"unexplained":' || iif(unexplained, 'true', 'false')
      || coalesce(',"uid_from":' || uid_from, '') || coalesce(',"uid_to":' || uid_to, '')
      || coalesce(',"gid_from":' || gid_from, '') || coalesce(',"gid_to":' || gid_to, '')
      || iif(caps_from IS NULL, '', printf(',"caps_from":"%x"', caps_from))
      || iif(caps_to IS NULL, '', printf(',"caps_to":"%x"', caps_to)),
    ''
  FROM credential
  UNION ALL
  SELECT
    l.started, CAST(4001 AS INTEGER), CAST(7 AS INTEGER), CAST(1 AS INTEGER),
    CAST('listener' AS TEXT), CAST(l.id AS TEXT), l.process, l.started,
    CAST(coalesce(l.ended, (SELECT min(first) FROM boots WHERE id > d.boot)) AS INTEGER),
    CAST(6 AS INTEGER), d.boot, NULL, l.started, NULL, NULL, NULL, NULL, 'does', NULL, NULL,
    NULL, '',
    printf(',"status_id":1,"start_time":%d%s,"connection_info":{"direction_id":1%s%s,'
      || '"protocol_ver_id":%d},"dst_endpoint":{%s%s}', l.started / 1000000,
      coalesce(',"end_time":' || (l.ended / 1000000) || ',"duration":'
        || ((l.ended - l.started) / 1000000), ''),
      coalesce(',"protocol_name":"' || n.name || '"', ''),
      CASE n.id WHEN 1 THEN ',"protocol_num":6' WHEN 2 THEN ',"protocol_num":17' ELSE '' END,
      CASE WHEN instr(l.addr, ':') THEN 6 WHEN l.addr NOT NULL THEN 4 ELSE 0 END,
      coalesce('"ip":"' || l.addr || '"', '"svc_name":"'
        || replace(replace(l.name, '\', '\\'), '"', '\"') || '"', '"svc_name":"unnamed"'),
      coalesce(',"port":' || l.port, '')), '', coalesce(l.name, '')
  FROM listeners l
  LEFT JOIN loads d ON d.id = l.load
  LEFT JOIN protocols n ON n.id = l.protocol
  UNION ALL
  -- each conversation from either end, with addresses as that end has them
  SELECT
    w.started, CAST(4001 AS INTEGER),
    CAST(CASE WHEN w.error = 111 THEN 5 WHEN w.error = 104 THEN 3
      WHEN w.error AND NOT w.established THEN 4 WHEN w.open THEN 1 ELSE 6 END AS INTEGER),
    CAST(1 AS INTEGER), CAST('connection' AS TEXT),
    CAST(w.connection_id || '/' || w.side AS TEXT), w.process_id, w.started,
    CAST(coalesce(w.ended, (SELECT min(first) FROM boots WHERE id > w.boot_id)) AS INTEGER),
    w.part, w.boot_id, NULL, w.started, NULL, NULL, w.peer_id,
    iif(w.side = 'client', 'server', 'client'), 'does', NULL, NULL, NULL, '',
    printf(',"status_id":%d%s,"start_time":%d%s%s,"dst_endpoint":{%s%s},"connection_info":'
      || '{"uid":"%d","direction_id":%d,"boundary_id":%d%s%s,"protocol_ver_id":%d},'
      || '"traffic":{"bytes_out":%d,"bytes_in":%d,"bytes":%d}',
      CASE WHEN w.error THEN 2 WHEN w.established THEN 1 ELSE 0 END,
      coalesce(',"status_code":"' || nullif(w.error, 0) || '"', ''), w.started / 1000000,
      coalesce(',"end_time":' || (w.ended / 1000000) || ',"duration":'
        || ((w.ended - w.started) / 1000000), ''),
      coalesce(',"src_endpoint":{"ip":"' || CASE w.side WHEN 'client' THEN r.client_addr
        ELSE coalesce(r.seen_addr, r.client_addr) END || '"'
        || coalesce(',"port":' || w.client_port, '') || '}', ''),
      coalesce('"ip":"' || CASE w.side WHEN 'client' THEN coalesce(r.dialled_addr, r.server_addr)
        ELSE r.server_addr END || '"', '"svc_name":"'
        || replace(replace(r.name, '\', '\\'), '"', '\"') || '"', '"svc_name":"unnamed"'),
      coalesce(',"port":' || CASE w.side WHEN 'client'
        THEN coalesce(r.dialled_port, r.server_port) ELSE r.server_port END, ''),
      w.connection_id, iif(w.side = 'client', 2, 1),
      CASE w.scope WHEN 'private' THEN 2 WHEN 'public' THEN 3 ELSE 1 END,
      coalesce(',"protocol_name":"' || n.name || '"', ''),
      CASE r.protocol WHEN 1 THEN ',"protocol_num":6' WHEN 2 THEN ',"protocol_num":17'
        ELSE '' END,
      CASE WHEN instr(r.server_addr, ':') THEN 6 WHEN r.server_addr NOT NULL THEN 4 ELSE 0 END,
      w.sent, w.received, w.sent + w.received),
    printf(',"scope":"%s"', w.scope), coalesce(r.name, '')
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
    a.first, CAST(1001 AS INTEGER),
    CAST(CASE WHEN a.flags & 1 THEN 1 WHEN a.writes > 0 OR a.flags & 528 THEN 3
      WHEN a.reads > 0 OR a.flags & 6 THEN 2 ELSE 14 END AS INTEGER),
    CAST(1 AS INTEGER), CAST('file_access' AS TEXT), CAST(a.id AS TEXT), a.process, a.first,
    CAST(a.first + a.lasted AS INTEGER), CAST(11 AS INTEGER), CAST(NULL AS INTEGER), NULL,
    a.first + a.lasted, NULL, NULL, NULL, NULL, 'does', NULL, NULL, NULL, '',
    printf(',"status_id":1,"start_time":%d,"end_time":%d,"duration":%d,"file":{%s%s,'
      || '"type_id":%d}', a.first / 1000000, (a.first + a.lasted) / 1000000,
      a.lasted / 1000000,
      coalesce((SELECT '"name":"' || replace(path, rtrim(path, replace(path, '/', '')), '')
          || '","path":"' || path || '"'
        FROM (SELECT replace(replace(coalesce(path.value, old.value), '\', '\\'),
          '"', '\"') AS path)
        WHERE path <> ''), '"name":"' || coalesce('inode ' || f.inode, '') || '"'),
      coalesce(',"uid":"' || f.device || ':' || f.inode || '"', ''),
      CASE f.kind WHEN 1 THEN 1 WHEN 2 THEN 4 WHEN 3 THEN 2 ELSE iif(f.kind, 99, 0) END),
    printf(',"reads":%d,"bytes_read":%d,"writes":%d,"bytes_written":%d,"sensitive":%s',
      a.reads, a.bytes_read, a.writes, a.bytes_written, iif(a.flags & 1024, 'true', 'false')),
    coalesce(path.value, old.value, '')
  FROM accesses a
  LEFT JOIN paths path ON path.id = a.path
  LEFT JOIN strings old ON old.id = a.path AND path.id IS NULL
  LEFT JOIN files f ON f.id = a.file
  WHERE NOT a.flags >> 15 & 1
  UNION ALL
  SELECT
    ts, CAST(1001 AS INTEGER),
    CAST(CASE WHEN op IN ('create', 'mkdir', 'link', 'symlink') THEN 1
      WHEN op = 'truncate' THEN 3 WHEN op IN ('unlink', 'rmdir') THEN 4 WHEN op = 'rename' THEN 5
      WHEN op IN ('setxattr', 'utimes') THEN 6 WHEN op IN ('chmod', 'chown') THEN 7
      ELSE 99 END AS INTEGER),
    CAST(1 AS INTEGER), CAST('file_change' AS TEXT), CAST(change_id AS TEXT), process_id, ts,
    CAST(last AS INTEGER), CAST(12 AS INTEGER), CAST(NULL AS INTEGER), NULL, last, NULL, NULL,
    NULL, NULL, 'does', NULL, NULL, NULL, '',
    printf(',"status_id":%d%s,"start_time":%d,"end_time":%d,"duration":%d,"count":%d%s,'
      || '"file":{%s%s,"type_id":%d}%s', iif(error, 2, 1),
      coalesce(',"status_code":"' || nullif(error, 0) || '"', ''), ts / 1000000,
      last / 1000000, (last - ts) / 1000000, count,
      coalesce(',"message":"' || replace(replace(detail, '\', '\\'), '"', '\"') || '"', ''),
      coalesce((SELECT '"name":"' || replace(path, rtrim(path, replace(path, '/', '')), '')
          || '","path":"' || path || '"'
        FROM (SELECT replace(replace(path, '\', '\\'), '"', '\"') AS path)
        WHERE path <> ''), '"name":"' || coalesce('inode ' || inode, '') || '"'),
      coalesce(',"uid":"' || device || ':' || inode || '"', ''),
      CASE WHEN op IN ('mkdir', 'rmdir') THEN 2 WHEN op = 'symlink' THEN 7
        ELSE coalesce((SELECT CASE kind WHEN 1 THEN 1 WHEN 2 THEN 4 WHEN 3 THEN 2 ELSE 99 END
          FROM files WHERE id = file_id), 0) END,
      iif(new_path IS NULL, '', printf(',"file_result":{%s,"type_id":0}',
        coalesce((SELECT '"name":"' || replace(path, rtrim(path, replace(path, '/', '')), '')
            || '","path":"' || path || '"'
          FROM (SELECT replace(replace(new_path, '\', '\\'), '"', '\"') AS path)
          WHERE path <> ''), '"name":""')))),
    printf(',"op":"%s"%s', coalesce(op, 'other'), iif(unsure, ',"unsure":true', '')),
    printf('%s%s%s', path, new_path, detail)
  FROM file_change
  WHERE change_id IS NOT NULL
  UNION ALL
  SELECT
    ts, CAST(CASE WHEN op IN ('mount', 'umount') THEN 1001
      WHEN op IN ('module_load', 'module_unload') THEN 1002 ELSE 1007 END AS INTEGER),
    CAST(CASE op WHEN 'mount' THEN 12 WHEN 'umount' THEN 13 WHEN 'module_load' THEN 1
      WHEN 'module_unload' THEN 2 WHEN 'ptrace' THEN 3 WHEN 'vm_read' THEN 3
      WHEN 'vm_write' THEN 4 ELSE 99 END AS INTEGER),
    CAST(1 AS INTEGER), CAST('control' AS TEXT), CAST(control_id AS TEXT), process_id, ts,
    CAST(last AS INTEGER), CAST(13 AS INTEGER), CAST(NULL AS INTEGER), NULL, ts, NULL, NULL,
    target_id, 'target', iif(op IN ('mount', 'umount', 'module_load', 'module_unload'), 'does',
      'other'),
    iif(op IN ('mount', 'umount', 'module_load', 'module_unload', 'ptrace', 'vm_read',
      'vm_write'), NULL, coalesce(op, 'other')), NULL, NULL, '',
    printf(',"status_id":0,"start_time":%d,"end_time":%d,"duration":%d,"count":%d%s%s',
      ts / 1000000, last / 1000000, (last - ts) / 1000000, count,
      coalesce(',"message":"' || replace(replace(detail, '\', '\\'), '"', '\"') || '"', ''),
      CASE WHEN op IN ('mount', 'umount') THEN printf(',"file":{%s,"type_id":2}',
        coalesce((SELECT '"name":"' || replace(path, rtrim(path, replace(path, '/', '')), '')
            || '","path":"' || path || '"'
          FROM (SELECT replace(replace(path, '\', '\\'), '"', '\"') AS path)
          WHERE path <> ''), '"name":""'))
        WHEN op IN ('module_load', 'module_unload') THEN printf(
          ',"driver":{"file":{%s,"type_id":1}}',
        coalesce((SELECT '"name":"' || replace(path, rtrim(path, replace(path, '/', '')), '')
            || '","path":"' || path || '"'
          FROM (SELECT replace(replace(coalesce(path, detail), '\', '\\'), '"', '\"') AS path)
          WHERE path <> ''), '"name":""'))
        ELSE '' END),
    ',"op":"' || coalesce(op, 'other') || '"', printf('%s%s', path, detail)
  FROM control
  WHERE control_id IS NOT NULL
  UNION ALL
  SELECT
    CAST(started + lived AS INTEGER), CAST(1007 AS INTEGER), CAST(2 AS INTEGER),
    CAST(1 AS INTEGER), CAST('process' AS TEXT), CAST(id AS TEXT), id, started,
    CAST(started + lived AS INTEGER), CAST(14 AS INTEGER), boot, execution, started + lived,
    NULL, NULL, NULL, NULL, 'self', NULL, NULL, NULL,
    ',"terminated_time":' || ((started + lived) / 1000000),
    printf(',"status_id":1,"start_time":%d,"end_time":%d,"duration":%d%s', started / 1000000,
      (started + lived) / 1000000, lived / 1000000,
      coalesce(',"exit_code":' || CASE WHEN status & 127 = 0 THEN status >> 8 & 255 END, '')),
    coalesce(',"exit_signal":' || nullif(status & 127, 0), ''), ''
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

CREATE VIEW ocsf_process_activity AS
SELECT * FROM ocsf_event WHERE class_uid = 1007;

CREATE VIEW ocsf_file_activity AS
SELECT * FROM ocsf_event WHERE class_uid = 1001;

CREATE VIEW ocsf_network_activity AS
SELECT * FROM ocsf_event WHERE class_uid = 4001;
