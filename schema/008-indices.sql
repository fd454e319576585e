-- SPDX-License-Identifier: GPL-2.0-only
-- What a question begins with: docs/decisions.md 26 says what each costs.

-- By process: rows come while the process lives, so few pages change at a time.
CREATE INDEX processes_parent ON processes (parent);
CREATE INDEX processes_context ON processes (context);
CREATE INDEX executions_process ON executions (process);
CREATE INDEX executions_executable ON executions (executable, file);
CREATE INDEX credentials_process ON credentials (process);
CREATE INDEX connections_client ON connections (client) WHERE client IS NOT NULL;
CREATE INDEX connections_server ON connections (server) WHERE server IS NOT NULL;
CREATE INDEX connection_runs_client ON connection_runs (client) WHERE client IS NOT NULL;
CREATE INDEX connection_runs_server ON connection_runs (server) WHERE server IS NOT NULL;
CREATE INDEX pipes_writer ON pipes (writer) WHERE writer IS NOT NULL;
CREATE INDEX pipes_reader ON pipes (reader) WHERE reader IS NOT NULL;
CREATE INDEX pipe_uses_process ON pipe_uses (process);
CREATE INDEX connection_uses_process ON connection_uses (process);
CREATE INDEX controls_process ON controls (process);
CREATE INDEX controls_target ON controls (target) WHERE target IS NOT NULL;
CREATE INDEX accesses_process ON accesses (process);
CREATE INDEX changes_process ON changes (process);

-- By what is used at any time. An index on that alone would have to change another page for
-- each row; so the rows of each 16,384 ids stand together, and a question looks into each of
-- these parts: views route_use, path_use and file_use.
CREATE INDEX connections_route ON connections (id >> 14, route);
CREATE INDEX accesses_path ON accesses (id >> 14, path);
CREATE INDEX accesses_read ON accesses (id >> 14, file) WHERE writes IS NULL;
CREATE INDEX changes_file ON changes (id >> 14, file);
CREATE INDEX changes_path ON changes (id >> 14, path);
CREATE INDEX changes_new_path ON changes (id >> 14, new_path);
CREATE INDEX changes_other ON changes (id >> 14, other) WHERE other IS NOT NULL;
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
