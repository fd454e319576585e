-- SPDX-License-Identifier: GPL-2.0-only
-- What was put where it will run again (cron, systemd, profiles, keys, the loader), by
-- whom, who has read it since, and what has run from it: the file itself, a script of that
-- name, or the unit that it describes. exe and argv are what the process ran then.
-- The first 10,000 are shown: --since goes on from the last of them.
WITH
-- column1: what it is, column2: the paths
place AS MATERIALIZED (VALUES
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
named AS MATERIALIZED (
  SELECT id, value FROM paths INDEXED BY paths_placed
  WHERE (value GLOB '/etc/*' OR value GLOB '/lib/*' OR value GLOB '/usr/lib/*'
  OR value GLOB '/usr/local/lib/*' OR value GLOB '/var/spool/*' OR value GLOB '/run/systemd/*'
  OR value GLOB '*/.*' OR value GLOB '*/security/pam_*' OR value GLOB '*/udev/rules.d/*'
  OR value GLOB '*/autostart/*' OR value GLOB '*/dbus-1/system-services/*')
    AND EXISTS (SELECT 1 FROM place WHERE value GLOB column2)
  UNION ALL
  SELECT id, value FROM strings
  WHERE id <= (SELECT value FROM meta WHERE name = 'paths_from')
    AND EXISTS (SELECT 1 FROM place WHERE value GLOB column2)
),
-- Ids grow with time: those that rows of that time can have.
range AS MATERIALIZED (
  SELECT name, min(first_id) AS first_id, max(last_id) AS last_id FROM segment
  WHERE (last >= :since OR last IS NULL) AND (first <= :until OR first IS NULL)
  GROUP BY name
),
chosen AS MATERIALIZED (
  SELECT access_id, NULL AS change_id FROM path_use
  WHERE path_id IN (SELECT id FROM named) AND access_id BETWEEN (SELECT first_id FROM range WHERE name = 'accesses')
    AND (SELECT last_id FROM range WHERE name = 'accesses')
  UNION ALL
  SELECT NULL, change_id FROM path_changed
  WHERE path_id IN (SELECT id FROM named) AND change_id BETWEEN (SELECT first_id FROM range WHERE name = 'changes')
    AND (SELECT last_id FROM range WHERE name = 'changes')
),
changed AS MATERIALIZED (
  SELECT DISTINCT change_id FROM chosen WHERE change_id IS NOT NULL
),
done AS MATERIALIZED (
  SELECT a.* FROM chosen CROSS JOIN access_act a ON a.access_id = chosen.access_id
  WHERE a.ts BETWEEN :since AND :until
  UNION ALL
  SELECT c.* FROM changed CROSS JOIN change_act c ON c.change_id = changed.change_id
  WHERE c.ts BETWEEN :since AND :until
),
written AS MATERIALIZED (
  SELECT a.ts, a.op, coalesce(a.new_path, a.path) AS path, a.process_id, a.execution_id,
    a.file_id, coalesce(a.access_id, -a.change_id) AS id,
    (SELECT column1 FROM place WHERE coalesce(a.new_path, a.path) GLOB column2 LIMIT 1) AS kind
  FROM done a
  WHERE a.op IN ('create', 'write', 'truncate', 'rename', 'link', 'symlink')
    AND a.error IS NULL
    AND EXISTS (SELECT 1 FROM place WHERE coalesce(a.new_path, a.path) GLOB column2)
  ORDER BY a.ts
  LIMIT 10000
),
unit AS MATERIALIZED (
  SELECT id, ts, replace(path, rtrim(path, replace(path, '/', '')), '') AS name
  FROM written
  WHERE kind = 'systemd'
),
ran AS MATERIALIZED (
  SELECT * FROM (SELECT w.id, e.id AS execution_id
    FROM program p JOIN written w ON w.file_id = p.file_id
    CROSS JOIN executions e ON e.executable = p.executable_id AND e.file = p.file_id
    WHERE e.error IS NULL AND e.live IS NULL AND w.ts <= e.ts LIMIT 100000)
  UNION
  SELECT * FROM (SELECT w.id, e.id
    FROM script s JOIN written w ON w.path = s.script
    CROSS JOIN executions e ON e.script = s.script_id
    WHERE e.error IS NULL AND e.live IS NULL AND w.ts <= e.ts LIMIT 100000)
  UNION
  SELECT * FROM (SELECT unit.id, e.id
    FROM containers k CROSS JOIN unit ON unit.name = k.unit
    CROSS JOIN contexts x ON +x.container = k.id
    CROSS JOIN processes p ON p.context = x.id
    CROSS JOIN executions e ON e.process = p.id
    WHERE e.error IS NULL AND e.live IS NULL AND unit.ts <= e.ts LIMIT 100000)
),
times AS MATERIALIZED (
  SELECT id, count(*) AS times, min(execution_id) AS first FROM ran GROUP BY id
),
used AS MATERIALIZED (
  SELECT file_id, access_id FROM file_use
  WHERE file_id IN (SELECT file_id FROM written)
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
