-- SPDX-License-Identifier: GPL-2.0-only
-- What was put where it will run again (cron, systemd, profiles, keys, the loader), by
-- whom, who has read it since, and what has run from it: the file itself, a script of that
-- name, or the unit that it describes. exe and argv are what the process ran then.
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
written AS MATERIALIZED (
  SELECT a.ts, a.op, coalesce(a.new_path, a.path) AS path, a.process_id, a.execution_id,
    a.file_id, coalesce(a.access_id, -a.change_id) AS id,
    (SELECT column1 FROM place WHERE coalesce(a.new_path, a.path) GLOB column2 LIMIT 1) AS kind
  FROM file_act a
  WHERE a.op IN ('create', 'write', 'truncate', 'rename', 'link', 'symlink')
    AND a.error IS NULL AND a.ts BETWEEN :since AND :until
    AND EXISTS (SELECT 1 FROM place WHERE coalesce(a.new_path, a.path) GLOB column2)
),
unit AS MATERIALIZED (
  SELECT id, ts, replace(path, rtrim(path, replace(path, '/', '')), '') AS name
  FROM written
  WHERE kind = 'systemd'
),
ran AS MATERIALIZED (
  SELECT written.id, e.execution_id
  FROM execution e
  CROSS JOIN written ON written.file_id = e.file_id AND written.ts <= e.ts
  WHERE e.error IS NULL
  UNION
  SELECT written.id, e.execution_id
  FROM execution e
  CROSS JOIN written ON written.path = e.script AND written.ts <= e.ts
  WHERE e.error IS NULL
  UNION
  SELECT unit.id, e.execution_id
  FROM execution e
  CROSS JOIN unit ON unit.ts <= e.ts AND unit.name =
    (SELECT k.unit FROM container k WHERE k.container_id = e.container_id)
  WHERE e.error IS NULL
),
times AS MATERIALIZED (
  SELECT id, count(*) AS times, min(execution_id) AS first FROM ran GROUP BY id
),
reader AS MATERIALIZED (
  SELECT file_id, process_id, last,
    (SELECT coalesce(p.exe, p.comm) FROM process p WHERE p.process_id = a.process_id) AS exe
  FROM file_access a
  WHERE reads > 0 AND file_id IN (SELECT file_id FROM written)
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
