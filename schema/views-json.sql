-- SPDX-License-Identifier: GPL-2.0-only
-- What happened as documents of JSON, in the forms that others have agreed on. What is not
-- known is left out: a member that is NULL becomes nothing.

-- They are made without SQLite's own JSON functions, which older releases take for unsafe
-- in views where trusted_schema is off. Of text that others chose quotes and backslashes
-- are escaped at once; the rest for a whole document at its end, since most have nothing
-- else to escape and are not looked at byte by byte: controls, what does not show, and
-- what is not UTF-8, which becomes U+DC80 to U+DCFF, as kith --json writes it.

-- Elastic Common Schema 8.11. Names of our own are below kith.
CREATE VIEW ecs_event AS
SELECT
  t.ts, t.source, t.row_key, t.process_id,
  (SELECT CASE WHEN CAST(b AS TEXT) NOT GLOB '*[^ -~]*' THEN CAST(b AS TEXT) ELSE (
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
    FROM (SELECT substr(b, i, size) AS w FROM slice WHERE size)) END
    FROM (SELECT CAST('{' || '"@timestamp":"'
      || strftime('%Y-%m-%dT%H:%M:%S', t.ts / 1000000000, 'unixepoch')
        || printf('.%09dZ', t.ts % 1000000000) || '","ecs":{"version":"8.11.0"}'
      || ',"event":{"kind":"event","module":"kith","dataset":"kith.' || t.source || '","id":"'
        || t.source || '/' || t.row_key || '"' || t.event || '}'
      || ',"host":{"os":{"type":"linux"}'
        || coalesce(',"boot":{"id":"' || (SELECT uuid FROM boots WHERE id = p.boot) || '"}', '')
        || '}'
      || coalesce(',"process":{' || nullif(substr(
        coalesce(',"entity_id":"'
          || (SELECT uuid FROM boots WHERE id = p.boot) || '-' || p.id
          || '"', '')
        || coalesce(',"pid":' || (p.key & 4194303), '')
        || coalesce(',"start":"' || strftime('%Y-%m-%dT%H:%M:%S', p.started / 1000000000,
          'unixepoch') || printf('.%09dZ', p.started % 1000000000) || '"', '')
        || coalesce((SELECT coalesce(',"executable":"' || replace(replace(path, '\', '\\'), '"',
          '\"') || '"', '')
          || coalesce(',"name":"'
            || replace(replace(replace(path, rtrim(path, replace(path, '/', '')), ''), '\', '\\'),
              '"', '\"')
            || '"', '')
          FROM executables WHERE id = i.executable AND path <> ''), '')
        || coalesce(',"command_line":"'
          || replace(replace((SELECT value FROM strings WHERE id = i.argv), '\', '\\'), '"', '\"')
          || '"', '')
        || coalesce(',"working_directory":"'
          || replace(replace((SELECT value FROM strings WHERE id = i.cwd), '\', '\\'), '"', '\"')
          || '"', '')
        || coalesce((SELECT ',"parent":{"entity_id":"' || (SELECT uuid
          FROM boots WHERE id = q.boot) || '-' || q.id
            || '","pid":' || (q.key & 4194303) || '}' FROM processes q
          WHERE q.id = coalesce(i.parent, p.parent)), '')
        || t.process, 2), '') || '}', '')
      || coalesce(',"user":{' || t.user || '}', ',"user":{"id":"' || c.uid || '"'
        || iif(c.uid, '', ',"name":"root"') || ',"effective":{"id":"' || c.euid || '"}}', '')
      || coalesce(',"group":{"id":"' || c.gid || '"}', '')
      || coalesce((SELECT ',"container":{"id":"' || replace(replace(name, '\', '\\'), '"', '\"')
          || '","runtime":"' || runtime || '"}' FROM containers WHERE id = c.container), '')
      || t.more
      || coalesce(',"kith":{' || nullif(substr(
        coalesce(',"process_id":' || t.process_id, '')
        || coalesce(',"unit":"'
          || replace(replace((SELECT unit FROM containers WHERE id = c.container), '\', '\\'), '"',
            '\"')
          || '"', '')
        || coalesce(',"login":' || c.loginuid, '')
        || coalesce(',"session":' || c.session, '')
        || t.ours, 2), '') || '}', '')
      || '}' AS BLOB) AS b)) AS event
FROM (
  SELECT
    e.ts, CAST('execution' AS TEXT) AS source, CAST(e.id AS TEXT) AS row_key,
    e.process AS process_id, CAST(e.id AS INTEGER) AS execution_id, e.context,
    ',"category":["process"],"type":["start"],"action":"exec","outcome":'
      || iif(e.error, '"failure"', '"success"') AS event,
    '' AS process, CAST(NULL AS TEXT) AS user,
    coalesce(',"error":{"code":"' || nullif(e.error, 0) || '"}', '') AS more, '' AS ours
  FROM executions e
  WHERE e.live IS NULL
  UNION ALL
  SELECT
    CAST(started + lived AS INTEGER), CAST('process' AS TEXT), CAST(id AS TEXT), id,
    CAST(execution AS INTEGER), context,
    ',"category":["process"],"type":["end"],"action":"exit","duration":' || lived,
    coalesce(',"end":"' || strftime('%Y-%m-%dT%H:%M:%S', (started + lived) / 1000000000,
        'unixepoch') || printf('.%09dZ', (started + lived) % 1000000000) || '"', '')
      || coalesce(',"exit_code":' || CASE WHEN status & 127 = 0 THEN status >> 8 & 255 END, ''),
    CAST(NULL AS TEXT), '',
    coalesce(',"exit_signal":' || nullif(status & 127, 0), '')
  FROM processes
  WHERE lived IS NOT NULL
  UNION ALL
  SELECT
    ts, CAST('credential' AS TEXT), CAST(credential_id AS TEXT), process_id, execution_id,
    (SELECT context FROM processes WHERE id = process_id),
    ',"category":["process"],"type":["change"],"action":"' || coalesce(cause, 'other')
      || '","outcome":"success"',
    '',
    '"id":"' || uid_from || '"' || iif(uid_from, '', ',"name":"root"')
      || ',"effective":{"id":"' || euid_from || '"},"changes":{"id":"' || uid_to || '"'
      || iif(uid_to, '', ',"name":"root"') || ',"effective":{"id":"' || euid_to || '"}}',
    '',
    coalesce(',"unexplained":' || unexplained, '')
      || coalesce(',"count":' || count, '')
  FROM credential
  UNION ALL
  SELECT
    ts, CAST(iif(access_id, 'file_access', 'file_change') AS TEXT),
    CAST(coalesce(access_id, change_id) AS TEXT), process_id, execution_id,
    (SELECT context FROM processes WHERE id = process_id),
    ',"category":["file"],"type":["' || CASE
        WHEN op IN ('create', 'mkdir', 'link', 'symlink') THEN 'creation'
        WHEN op IN ('unlink', 'rmdir') THEN 'deletion'
        WHEN op IN ('read', 'load', 'open') THEN 'access' ELSE 'change' END
      || '"],"action":"' || coalesce(op, 'other')
      || iif(error, '","outcome":"failure"', '","outcome":"success"')
      || coalesce(',"start":"' || strftime('%Y-%m-%dT%H:%M:%S', ts / 1000000000,
        'unixepoch') || printf('.%09dZ', ts % 1000000000) || '"', '')
      || coalesce(',"end":"' || strftime('%Y-%m-%dT%H:%M:%S', last / 1000000000,
        'unixepoch') || printf('.%09dZ', last % 1000000000) || '"', ''),
    '', CAST(NULL AS TEXT),
    coalesce(',"error":{"code":"' || nullif(error, 0) || '"}', '')
      || coalesce(',"file":{' || nullif(substr(
        coalesce(',"path":"'
          || replace(replace(coalesce(new_path, path), '\', '\\'), '"', '\"')
          || '"', '')
        || coalesce((SELECT coalesce(',"name":"'
            || replace(replace(replace(n, rtrim(n, replace(n, '/', '')), ''), '\', '\\'), '"', '\"')
            || '"', '')
          FROM (SELECT coalesce(new_path, path) AS n)), '')
        || coalesce(',"inode":"' || (SELECT inode FROM files WHERE id = file_id) || '"', '')
        || coalesce(',"target_path":"'
          || replace(replace(iif(op = 'symlink', detail, NULL), '\', '\\'), '"', '\"')
          || '"', ''), 2), '') || '}', ''),
    coalesce(',"old_path":"'
        || replace(replace(iif(new_path IS NULL, NULL, path), '\', '\\'), '"', '\"')
        || '"', '')
      || coalesce(',"detail":"' || replace(replace(detail, '\', '\\'), '"', '\"') || '"', '')
      || coalesce(',"bytes_read":' || bytes_read, '')
      || coalesce(',"bytes_written":' || bytes_written, '')
      || coalesce(',"sensitive":' || sensitive, '')
  FROM file_act
  UNION ALL
  SELECT
    started, CAST('connection' AS TEXT), CAST(connection_id || '/' || side AS TEXT),
    process_id, execution_id, (SELECT context FROM processes WHERE id = process_id),
    ',"category":["network"],"type":["connection","start"' || iif(ended IS NULL, '', ',"end"')
      || '],"action":"connection_' || iif(side = 'client', 'attempted', 'accepted') || '"'
      || CASE WHEN error THEN ',"outcome":"failure"'
        WHEN established THEN ',"outcome":"success"' ELSE '' END
      || coalesce(',"start":"' || strftime('%Y-%m-%dT%H:%M:%S', started / 1000000000,
        'unixepoch') || printf('.%09dZ', started % 1000000000) || '"', '')
      || coalesce(',"end":"' || strftime('%Y-%m-%dT%H:%M:%S', ended / 1000000000,
        'unixepoch') || printf('.%09dZ', ended % 1000000000) || '"', '')
      || coalesce(',"duration":' || (ended - started), ''),
    '', CAST(NULL AS TEXT),
    coalesce(',"error":{"code":"' || nullif(error, 0) || '"}', '')
      || coalesce(',"source":{' || nullif(substr(
        coalesce(',"ip":"' || client_addr || '"', '')
        || coalesce(',"address":"' || client_addr || '"', '')
        || coalesce(',"port":' || client_port, '')
        || coalesce(',"bytes":' || iif(side = 'client', sent, received), ''), 2), '') || '}', '')
      || coalesce(',"destination":{' || nullif(substr(
        coalesce(',"ip":"' || server_addr || '"', '')
        || coalesce(',"address":"'
          || replace(replace(coalesce(server_addr, server_name), '\', '\\'), '"', '\"')
          || '"', '')
        || coalesce(',"port":' || server_port, '')
        || coalesce(',"bytes":' || iif(side = 'client', received, sent), ''), 2), '') || '}', '')
      || coalesce(',"network":{' || nullif(substr(
        coalesce(',"transport":"' || protocol || '"', '')
        || coalesce(',"type":"'
          || CASE WHEN instr(server_addr, ':') THEN 'ipv6'
          WHEN server_addr NOT NULL THEN 'ipv4' END
          || '"', '')
        || coalesce(',"direction":"'
          || CASE WHEN scope IN ('same-container', 'same-host')
          THEN 'internal' WHEN side = 'client' THEN 'egress' ELSE 'ingress' END
          || '"', '')
        || coalesce(',"bytes":' || (sent + received), ''), 2), '') || '}', ''),
    coalesce(',"connection_id":' || connection_id, '')
      || coalesce(',"peer_id":' || peer_id, '')
      || coalesce(',"scope":"' || scope || '"', '')
  FROM connection_end
) t
LEFT JOIN processes p ON p.id = t.process_id
LEFT JOIN executions i ON i.id = t.execution_id
LEFT JOIN contexts c ON c.id = t.context;

-- Open Cybersecurity Schema Framework 1.1. The host has no name here: whoever collects
-- from several adds device.hostname.
CREATE VIEW ocsf_event AS
SELECT
  t.ts, t.class_uid, t.class_uid / 1000 AS category_uid, t.activity_id,
  t.class_uid * 100 + t.activity_id AS type_uid, t.ts / 1000000 AS time, t.severity_id,
  t.source, t.row_key, t.process_id,
  (SELECT CASE WHEN CAST(b AS TEXT) NOT GLOB '*[^ -~]*' THEN CAST(b AS TEXT) ELSE (
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
    FROM (SELECT substr(b, i, size) AS w FROM slice WHERE size)) END
    FROM (SELECT CAST('{' || '"category_uid":' || (t.class_uid / 1000) || ',"class_uid":'
      || t.class_uid
        || ',"activity_id":' || t.activity_id
        || ',"type_uid":' || (t.class_uid * 100 + t.activity_id)
        || ',"time":' || (t.ts / 1000000) || ',"severity_id":' || t.severity_id
      || ',"metadata":{"version":"1.1.0","uid":"' || t.source || '/' || t.row_key
        || '","profiles":["host","container"],"product":{"name":"Kith","vendor_name":"Kith"}}'
      || ',"device":{"type_id":0,"os":{"name":"Linux","type_id":200}}'
      || iif(t.class_uid = 1007, ',"process":{' || o || '}'
        || coalesce(',"actor":{' || (SELECT '"process":{"uid":"' || (SELECT uuid
          FROM boots WHERE id = q.boot) || '-' || q.id
          || '","pid":' || (q.key & 4194303) || '}' FROM processes q WHERE q.id = t.actor_id)
          || t.actor || '}', ''), ',"actor":{"process":{' || o || '}}')
      || t.more
      || '}' AS BLOB) AS b
    FROM (SELECT substr(coalesce(',"uid":"'
        || (SELECT uuid FROM boots WHERE id = p.boot) || '-' || p.id
        || '"', '')
      || coalesce(',"pid":' || (p.key & 4194303), '')
      || coalesce(',"created_time":' || (p.started / 1000000), '')
      || coalesce((SELECT coalesce(',"name":"'
            || replace(replace(replace(path, rtrim(path, replace(path, '/', '')), ''), '\', '\\'),
              '"', '\"')
            || '"', '')
          || coalesce(',"file":{' || nullif(substr(
            ',"type_id":1'
            || coalesce(',"path":"' || replace(replace(path, '\', '\\'), '"', '\"') || '"', '')
            || coalesce(',"name":"'
              || replace(replace(replace(path, rtrim(path, replace(path, '/', '')), ''), '\',
                '\\'), '"', '\"')
              || '"', ''), 2), '') || '}', '')
          FROM executables WHERE id = i.executable AND path <> ''), '')
      || coalesce(',"cmd_line":"'
        || replace(replace((SELECT value FROM strings WHERE id = i.argv), '\', '\\'), '"', '\"')
        || '"', '')
      || coalesce(',"user":{"uid":"' || coalesce(t.euid, c.euid) || '"'
          || iif(coalesce(t.euid, c.euid), '', ',"name":"root"') || '}', '')
      || coalesce(',"session":{"uid":"' || c.session || '"}', '')
      || coalesce((SELECT ',"container":{"uid":"' || replace(replace(name, '\', '\\'), '"', '\"')
            || '","runtime":"' || runtime || '"}' FROM containers WHERE id = c.container), '')
      || coalesce((SELECT ',"parent_process":{"uid":"' || (SELECT uuid
        FROM boots WHERE id = q.boot) || '-' || q.id
            || '","pid":' || (q.key & 4194303) || '}' FROM processes q
          WHERE q.id = coalesce(i.parent, p.parent)), '')
      || t.process, 2) AS o))) AS event
FROM (
  SELECT
    e.ts, CAST(1007 AS INTEGER) AS class_uid, CAST(1 AS INTEGER) AS activity_id,
    CAST(1 AS INTEGER) AS severity_id, CAST('execution' AS TEXT) AS source,
    CAST(e.id AS TEXT) AS row_key, e.process AS process_id,
    CAST(e.id AS INTEGER) AS execution_id, e.context, CAST(e.parent AS INTEGER) AS actor_id,
    CAST(NULL AS INTEGER) AS euid, '' AS process, '' AS actor,
    iif(e.error, ',"status_id":2,"status_code":"' || e.error || '"', ',"status_id":1') AS more
  FROM executions e
  WHERE e.live IS NULL
  UNION ALL
  SELECT
    CAST(started + lived AS INTEGER), CAST(1007 AS INTEGER), CAST(2 AS INTEGER),
    CAST(1 AS INTEGER), CAST('process' AS TEXT), CAST(id AS TEXT), id,
    CAST(execution AS INTEGER), context, CAST(id AS INTEGER),
    CAST(NULL AS INTEGER), ',"terminated_time":' || ((started + lived) / 1000000), '',
    ',"status_id":1' || coalesce(',"exit_code":'
      || CASE WHEN status & 127 = 0 THEN status >> 8 & 255 END, '')
  FROM processes
  WHERE lived IS NOT NULL
  UNION ALL
  SELECT
    ts, CAST(1007 AS INTEGER), CAST(5 AS INTEGER), CAST(iif(unexplained, 4, 1) AS INTEGER),
    CAST('credential' AS TEXT), CAST(credential_id AS TEXT), process_id, execution_id,
    (SELECT context FROM processes WHERE id = process_id), CAST(process_id AS INTEGER),
    euid_to, '',
    coalesce(',"user":{"uid":"' || euid_from || '"' || iif(euid_from, '', ',"name":"root"')
      || '}', ''),
    ',"status_id":1' || coalesce(',"message":"' || cause || '"', '')
  FROM credential
  UNION ALL
  SELECT
    ts, CAST(1001 AS INTEGER),
    CAST(CASE WHEN op IN ('create', 'mkdir', 'link', 'symlink') THEN 1
      WHEN op IN ('read', 'load') THEN 2 WHEN op IN ('write', 'truncate') THEN 3
      WHEN op IN ('unlink', 'rmdir') THEN 4 WHEN op = 'rename' THEN 5
      WHEN op IN ('setxattr', 'utimes') THEN 6 WHEN op IN ('chmod', 'chown') THEN 7
      WHEN op = 'open' THEN 14 ELSE 0 END AS INTEGER),
    CAST(1 AS INTEGER), CAST(iif(access_id, 'file_access', 'file_change') AS TEXT),
    CAST(coalesce(access_id, change_id) AS TEXT), process_id, execution_id,
    (SELECT context FROM processes WHERE id = process_id), CAST(NULL AS INTEGER),
    CAST(NULL AS INTEGER), '', '',
    iif(error, ',"status_id":2,"status_code":"' || error || '"', ',"status_id":1')
      || ',"start_time":' || (ts / 1000000) || ',"end_time":' || (last / 1000000)
      || coalesce(',"message":"' || replace(replace(detail, '\', '\\'), '"', '\"') || '"', '')
      || coalesce(',"file":{' || nullif(substr(
        coalesce(',"path":"' || replace(replace(path, '\', '\\'), '"', '\"') || '"', '')
        || coalesce(',"name":"'
          || replace(replace(replace(path, rtrim(path, replace(path, '/', '')), ''), '\', '\\'),
            '"', '\"')
          || '"', '')
        || coalesce(',"uid":"'
          || (SELECT device || ':' || inode FROM files WHERE id = file_id)
          || '"', '')
        || coalesce(',"type_id":'
          || CASE WHEN op IN ('mkdir', 'rmdir') THEN 2 WHEN op = 'symlink' THEN 7
          ELSE coalesce((SELECT CASE kind WHEN 1 THEN 1 WHEN 2 THEN 4 WHEN 3 THEN 2 END
            FROM files WHERE id = file_id), 0) END
          , ''), 2), '') || '}', '')
      || coalesce(',"file_result":{' || nullif(substr(
        coalesce(',"path":"' || replace(replace(new_path, '\', '\\'), '"', '\"') || '"', '')
        || coalesce(',"name":"'
          || replace(replace(replace(new_path, rtrim(new_path, replace(new_path, '/', '')), ''),
            '\', '\\'), '"', '\"')
          || '"', '')
        || iif(new_path IS NULL, '', ',"type_id":0'), 2), '') || '}', '')
  FROM file_act
  UNION ALL
  SELECT
    started, CAST(4001 AS INTEGER),
    CAST(CASE WHEN error = 111 THEN 5 WHEN error = 104 THEN 3 WHEN error AND NOT established
      THEN 4 WHEN open THEN 1 ELSE 6 END AS INTEGER),
    CAST(1 AS INTEGER), CAST('connection' AS TEXT),
    CAST(connection_id || '/' || side AS TEXT), process_id, execution_id,
    (SELECT context FROM processes WHERE id = process_id), CAST(NULL AS INTEGER),
    CAST(NULL AS INTEGER), '', '',
    ',"status_id":' || CASE WHEN error THEN 2 WHEN established THEN 1 ELSE 0 END
      || coalesce(',"status_code":"' || nullif(error, 0) || '"', '')
      || coalesce(',"start_time":' || (started / 1000000), '')
      || coalesce(',"end_time":' || (ended / 1000000), '')
      || coalesce(',"duration":' || ((ended - started) / 1000000), '')
      || coalesce(',"src_endpoint":{' || nullif(substr(
        coalesce(',"ip":"' || client_addr || '"', '')
        || coalesce(',"port":' || client_port, ''), 2), '') || '}', '')
      || coalesce(',"dst_endpoint":{' || nullif(substr(
        coalesce(',"ip":"' || server_addr || '"', '')
        || coalesce(',"port":' || server_port, '')
        || coalesce(',"name":"' || replace(replace(server_name, '\', '\\'), '"', '\"') || '"',
          ''), 2), '') || '}', '')
      || coalesce(',"connection_info":{' || nullif(substr(
        coalesce(',"uid":"' || connection_id || '"', '')
        || coalesce(',"direction_id":' || iif(side = 'client', 2, 1), '')
        || coalesce(',"boundary_id":'
          || CASE scope WHEN 'private' THEN 2 WHEN 'public' THEN 3 ELSE 1 END
          , '')
        || coalesce(',"protocol_name":"' || protocol || '"', '')
        || coalesce(',"protocol_num":'
          || CASE protocol WHEN 'tcp' THEN 6 WHEN 'udp' THEN 17 END
          , '')
        || coalesce(',"protocol_ver_id":'
          || CASE WHEN instr(server_addr, ':') THEN 6
          WHEN server_addr NOT NULL THEN 4 END
          , ''), 2), '') || '}', '')
      || coalesce(',"traffic":{' || nullif(substr(
        coalesce(',"bytes_out":' || sent, '')
        || coalesce(',"bytes_in":' || received, '')
        || coalesce(',"bytes":' || (sent + received), ''), 2), '') || '}', '')
  FROM connection_end
) t
LEFT JOIN processes p ON p.id = t.process_id
LEFT JOIN executions i ON i.id = t.execution_id
LEFT JOIN contexts c ON c.id = t.context;

CREATE VIEW ocsf_process_activity AS
SELECT * FROM ocsf_event WHERE class_uid = 1007;

CREATE VIEW ocsf_file_activity AS
SELECT * FROM ocsf_event WHERE class_uid = 1001;

CREATE VIEW ocsf_network_activity AS
SELECT * FROM ocsf_event WHERE class_uid = 4001;
