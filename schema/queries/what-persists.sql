-- SPDX-License-Identifier: GPL-2.0-only
-- What was put where it will run again (cron, systemd, profiles, keys, the loader), by
-- whom, who has read it since, and what has run from it: the file itself, a script of that
-- name, or the unit that it describes. exe and argv are what the process ran then.
-- The first 10,000 are shown: --since goes on from the last of them.
WITH
-- column1: what it is, column2: the paths
spot AS MATERIALIZED (VALUES
  ('cron', '/etc/cron*'), ('cron', '/var/spool/cron/*'), ('at', '/var/spool/at/*'),
  ('systemd', '/etc/systemd/*'), ('systemd', '/lib/systemd/*'),
  ('systemd', '/usr/lib/systemd/*'), ('systemd', '/usr/local/lib/systemd/*'),
  ('systemd', '/run/systemd/system/*'), ('systemd', '*/.config/systemd/user/*'),
  ('init', '/etc/init.d/*'), ('init', '/etc/rc*'), ('init', '/etc/inittab'),
  ('profile', '/etc/profile*'), ('profile', '/etc/bash*'), ('profile', '/etc/zsh*'),
  ('profile', '/etc/environment'), ('profile', '*/.bashrc'), ('profile', '*/.bash_profile'),
  ('profile', '*/.bash_login'), ('profile', '*/.bash_logout'), ('profile', '*/.profile'),
  ('profile', '*/.zshrc'), ('profile', '*/.zprofile'), ('profile', '*/.zshenv'),
  ('keys', '*/.ssh/authorized_keys*'), ('keys', '*/.ssh/rc'), ('keys', '/etc/ssh/*'),
  ('loader', '/etc/ld.so.*'), ('account', '/etc/passwd'), ('account', '/etc/shadow'),
  ('account', '/etc/group'), ('account', '/etc/sudoers*'), ('pam', '/etc/pam.d/*'),
  ('pam', '*/security/pam_*.so'), ('module', '/etc/modules*'), ('module', '/etc/modprobe.d/*'),
  ('module', '/lib/modules/*'), ('module', '/usr/lib/modules/*'), ('udev', '*/udev/rules.d/*'),
  ('login', '/etc/update-motd.d/*'), ('login', '*/autostart/*'), ('package', '/etc/apt/*'),
  ('package', '/etc/yum*'), ('package', '/etc/dnf/*'), ('rotate', '/etc/logrotate*'),
  ('bus', '*/dbus-1/system-services/*'), ('hook', '*/.git/hooks/*')
),
placed_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place WHERE kind = 31 AND key = 0 LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'paths'
  ORDER BY part
),
named AS MATERIALIZED (
  SELECT t.id, t.value
  FROM placed_in CROSS JOIN paths t ON t.id >= part << 10 AND t.id < (part + 1) << 10
  WHERE (t.value GLOB '/[elruv]*' OR instr(t.value, '/.') OR instr(t.value, '/security/')
      OR instr(t.value, '/udev/') OR instr(t.value, '/autostart/') OR instr(t.value, '/dbus-1/'))
    AND EXISTS (SELECT 1 FROM spot WHERE t.value GLOB column2)
  UNION ALL
  SELECT id, value FROM strings
  WHERE id <= (SELECT value FROM meta WHERE name = 'paths_from')
    AND EXISTS (SELECT 1 FROM spot WHERE value GLOB column2)
),
-- Ids grow with time: those that rows of that time can have.
range AS MATERIALIZED (
  SELECT name, min(first_id) AS first_id, max(last_id) AS last_id FROM segment
  WHERE (last >= :since OR last IS NULL) AND (first <= :until OR first IS NULL)
  GROUP BY name
),
used_as_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 35 AND key IN (SELECT id FROM named)
      AND epoch BETWEEN (SELECT first_id >> 16 FROM range WHERE name = 'accesses')
        AND (SELECT last_id >> 16 FROM range WHERE name = 'accesses') LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'accesses'
  ORDER BY part
),
changed_as_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind IN (6, 7) AND key IN (SELECT id FROM named)
      AND epoch BETWEEN (SELECT first_id >> 16 FROM range WHERE name = 'changes')
        AND (SELECT last_id >> 16 FROM range WHERE name = 'changes') LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'changes'
  ORDER BY part
),
used_as AS MATERIALIZED (
  SELECT t.id
  FROM used_as_in CROSS JOIN accesses t ON t.id >= part << 10 AND t.id < (part + 1) << 10
  WHERE t.writes IS NOT NULL AND t.path IN (SELECT id FROM named)
    AND t.first <= :until AND t.first + t.lasted >= :since
),
changed AS MATERIALIZED (
  SELECT t.id
  FROM changed_as_in CROSS JOIN changes t ON t.id >= part << 10 AND t.id < (part + 1) << 10
  WHERE (t.path IN (SELECT id FROM named) OR t.new_path IN (SELECT id FROM named))
    AND t.ts <= :until AND t.ts + t.lasted >= :since
),
done AS MATERIALIZED (
  SELECT a.* FROM used_as CROSS JOIN access_act a ON a.access_id = used_as.id
  WHERE a.ts BETWEEN :since AND :until
  UNION ALL
  SELECT c.* FROM changed CROSS JOIN change_act c ON c.change_id = changed.id
  WHERE c.ts BETWEEN :since AND :until
),
written AS MATERIALIZED (
  SELECT a.ts, a.op, coalesce(a.new_path, a.path) AS path, a.process_id, a.execution_id,
    a.file_id, coalesce(a.access_id, -a.change_id) AS id,
    (SELECT column1 FROM spot WHERE coalesce(a.new_path, a.path) GLOB column2 LIMIT 1) AS kind
  FROM done a
  WHERE a.op IN ('create', 'write', 'truncate', 'rename', 'link', 'symlink')
    AND a.error IS NULL
    AND EXISTS (SELECT 1 FROM spot WHERE coalesce(a.new_path, a.path) GLOB column2)
  ORDER BY a.ts
  LIMIT 10000
),
unit AS MATERIALIZED (
  SELECT id, ts, replace(path, rtrim(path, replace(path, '/', '')), '') AS name
  FROM written
  WHERE kind = 'systemd'
),
-- What ran later of these files, scripts and units, as they were when it ran.
chosen AS MATERIALIZED (
  SELECT 16 AS kind, executable_id AS key FROM program
  WHERE file_id IN (SELECT file_id FROM written)
  UNION ALL
  SELECT 24, script_id FROM script WHERE script IN (SELECT path FROM written)
),
executed_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind IN (16, 24) AND key IN (SELECT key FROM chosen) LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'executions'
  ORDER BY part
),
again AS MATERIALIZED (
  SELECT t.id, t.ts, t.process, t.file, (SELECT value FROM strings WHERE id = t.script) AS script
  FROM executed_in CROSS JOIN executions t ON t.id >= part << 10 AND t.id < (part + 1) << 10
  WHERE (t.executable IN (SELECT key FROM chosen WHERE kind = 16)
      OR t.script IN (SELECT key FROM chosen WHERE kind = 24))
    AND t.error IS NULL AND t.live IS NULL
),
member_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 18 AND key IN (SELECT id FROM contexts WHERE container IN
      (SELECT id FROM containers WHERE unit IN (SELECT name FROM unit))) LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'processes'
  ORDER BY part
),
member AS MATERIALIZED (
  SELECT t.id AS process_id
  FROM member_in CROSS JOIN processes t ON t.id >= part << 10 AND t.id < (part + 1) << 10
  WHERE t.context IN (SELECT id FROM contexts WHERE container IN
    (SELECT id FROM containers WHERE unit IN (SELECT name FROM unit)))
  LIMIT 100000
),
served_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 15 AND key IN (SELECT process_id FROM member) LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'executions'
  ORDER BY part
),
served AS MATERIALIZED (
  SELECT e.id, e.ts,
    (SELECT unit FROM containers WHERE id = (SELECT container FROM contexts
      WHERE id = (SELECT context FROM processes WHERE id = e.process))) AS name
  FROM (
    SELECT t.id, t.ts, t.process, t.error, t.live
    FROM served_in CROSS JOIN executions t ON t.id >= part << 10 AND t.id < (part + 1) << 10
    WHERE t.process IN (SELECT process_id FROM member)
    LIMIT 100000) e
  WHERE e.error IS NULL AND e.live IS NULL
),
ran AS MATERIALIZED (
  SELECT w.id, e.id AS execution_id
  FROM written w CROSS JOIN again e ON e.file = w.file_id AND w.ts <= e.ts
  UNION
  SELECT w.id, e.id
  FROM written w CROSS JOIN again e ON e.script = w.path AND w.ts <= e.ts
  UNION
  SELECT unit.id, e.id
  FROM unit CROSS JOIN served e ON e.name = unit.name AND unit.ts <= e.ts
),
times AS MATERIALIZED (
  SELECT id, count(*) AS times, min(execution_id) AS first FROM ran GROUP BY id
),
read_in AS MATERIALIZED (
  SELECT * FROM (SELECT part FROM place
    WHERE kind = 2 AND key IN (SELECT other FROM pair WHERE kind = 3
        AND key IN (SELECT file_id FROM written)
      UNION ALL
      SELECT path FROM files WHERE id IN (SELECT file_id FROM written)) LIMIT -1)
  UNION
  SELECT * FROM (SELECT part FROM place WHERE kind = 12 AND key IN (SELECT file_id FROM written)
    LIMIT -1)
  UNION
  SELECT part FROM fresh WHERE name = 'accesses'
  ORDER BY part
),
used AS MATERIALIZED (
  SELECT file AS file_id, id AS access_id FROM accesses
  WHERE writes IS NOT NULL AND file IN (SELECT file_id FROM written)
  UNION ALL
  SELECT t.file, t.id
  FROM read_in CROSS JOIN accesses t ON t.id >= part << 10 AND t.id < (part + 1) << 10
  WHERE t.writes IS NULL AND t.file IN (SELECT file_id FROM written)
  LIMIT 100000
),
reader AS MATERIALIZED (
  SELECT u.file_id, a.process AS process_id, a.first + a.lasted AS last,
    (SELECT coalesce(p.exe, p.comm) FROM process p WHERE p.process_id = a.process) AS exe
  FROM used u
  CROSS JOIN accesses a ON a.id = u.access_id
  WHERE a.reads > 0 AND NOT a.flags >> 15 & 1
)
SELECT
  strftime('%Y-%m-%dT%H:%M:%SZ', w.ts / 1000000000, 'unixepoch') AS at,
  w.kind, w.op, w.path,
  (SELECT image.exe FROM image WHERE image.execution_id = w.execution_id) AS exe,
  (SELECT image.argv FROM image WHERE image.execution_id = w.execution_id) AS argv,
  (SELECT p.uid FROM process p WHERE p.process_id = w.process_id) AS uid,
  (SELECT p.loginuid FROM process p WHERE p.process_id = w.process_id) AS login,
  w.process_id,
  (SELECT group_concat(DISTINCT reader.exe) FROM reader WHERE reader.file_id = w.file_id
    AND reader.last >= w.ts AND reader.process_id <> w.process_id) AS read_by,
  times.times AS ran,
  (SELECT image.argv FROM image WHERE image.execution_id = times.first) AS first_ran,
  (SELECT image.process_id FROM image WHERE image.execution_id = times.first) AS ran_id
FROM written w
LEFT JOIN times ON times.id = w.id
ORDER BY w.ts
