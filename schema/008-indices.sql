-- SPDX-License-Identifier: GPL-2.0-only
-- What a question begins with: docs/decisions.md 26 says what each costs.

-- By process: rows come while the process lives, so few pages change at a time.
CREATE INDEX processes_parent ON processes (parent);
CREATE INDEX processes_context ON processes (context);
CREATE INDEX executions_process ON executions (process);
CREATE INDEX executions_executable ON executions (executable, file);
CREATE INDEX credentials_process ON credentials (process);
CREATE INDEX connection_runs_client ON connection_runs (client) WHERE client IS NOT NULL;
CREATE INDEX connection_runs_server ON connection_runs (server) WHERE server IS NOT NULL;
CREATE INDEX pipe_uses_process ON pipe_uses (process);
CREATE INDEX connection_uses_process ON connection_uses (process);
CREATE INDEX controls_process ON controls (process);
CREATE INDEX controls_target ON controls (target) WHERE target IS NOT NULL;

-- By what is used at any time. An index kept with each row would have to change another page
-- for each; so this is made of segments once they are sealed, in parts of 16,384 ids, each in
-- the order of its keys. A question looks into each part: views route_use, path_use and so on.
-- Rows that might still change then, in late_rows, are put down when they are over. Made of
-- other tables alone, it is not sealed.
CREATE TABLE uses (
  kind INTEGER NOT NULL,          -- 1 connections by route; accesses: 2 by path, 3 reads by
                                  -- file; changes: 4 by file, 5 other, 6 path, 7 new_path;
                                  -- by process: 8 accesses, 9 changes, connections of
                                  -- 10 clients and 11 servers
  part INTEGER NOT NULL,          -- id >> 14; 0: by process, whose rows stand together anyway
  key  INTEGER NOT NULL,
  id   INTEGER NOT NULL,
  PRIMARY KEY (kind, part, key, id)
) WITHOUT ROWID;

-- Up to which id; those beyond are looked through.
CREATE TABLE indexed (
  kind INTEGER PRIMARY KEY,
  last INTEGER NOT NULL
);

INSERT INTO indexed VALUES (1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (6, 0), (7, 0), (8, 0),
  (9, 0), (10, 0), (11, 0);
-- The last segment that is.
INSERT INTO meta VALUES ('indexed', 0);

-- Few of them are new, so that these can be kept with each row.
CREATE INDEX paths_ending ON paths (id >> 14, substr(value, -8));

-- What there is little of.
CREATE INDEX connection_runs_route ON connection_runs (route);
CREATE INDEX executions_script ON executions (script) WHERE script IS NOT NULL;
CREATE INDEX executions_failed ON executions (ts) WHERE error IS NOT NULL;
CREATE INDEX executions_nameless ON executions (ts) WHERE executable IS NULL AND error IS NULL;
CREATE INDEX credentials_unexplained ON credentials (ts) WHERE flags & 1;
CREATE INDEX processes_alive ON processes (boot) WHERE lived IS NULL;
CREATE INDEX processes_unknown ON processes (started) WHERE flags & 9;
CREATE INDEX connections_unknown ON connections (started)
  WHERE flags & 128 = 0 AND (client IS NULL OR server IS NULL);
CREATE INDEX connections_outward ON connections (route, client)
  WHERE flags & 128 AND server IS NULL AND client IS NOT NULL;
CREATE INDEX connection_runs_outward ON connection_runs (route, client)
  WHERE flags & 128 AND server IS NULL AND client IS NOT NULL;
-- Where what stays on may be put, and little else is: schema/queries/what-persists.sql.
CREATE INDEX paths_placed ON paths (id) WHERE (
  value GLOB '/etc/*' OR value GLOB '/lib/*' OR value GLOB '/usr/lib/*'
  OR value GLOB '/usr/local/lib/*' OR value GLOB '/var/spool/*' OR value GLOB '/run/systemd/*'
  OR value GLOB '*/.*' OR value GLOB '*/security/pam_*' OR value GLOB '*/udev/rules.d/*'
  OR value GLOB '*/autostart/*' OR value GLOB '*/dbus-1/system-services/*');
