-- SPDX-License-Identifier: GPL-2.0-only
-- Short conversations that are alike, many in a row.

-- They have the same processes, route and outcome, and were told of between two commits.
-- Of what each has of its own here is the least, and how much more each has: as decimal
-- digits, one after another, as many for each as the most needs; NULL if all have the
-- same. View connection takes them apart.
CREATE TABLE connection_runs (
  id             INTEGER PRIMARY KEY,  -- of the first; that of the n-th is id + n
  count          INTEGER,
  route          INTEGER,              -- from here to load as in connections
  client         INTEGER,
  server         INTEGER,
  client_opener  INTEGER,
  server_opener  INTEGER,
  flags          INTEGER,
  load           INTEGER,
  ended          INTEGER,              -- the last end
  sum_to_server  INTEGER,
  sum_to_client  INTEGER,
  started        INTEGER,              -- from here on as in connections
  started_more   BLOB,
  lasted         INTEGER,
  lasted_more    BLOB,
  client_port    INTEGER,              -- -1: Unix
  port_more      BLOB,
  to_server      INTEGER,
  to_server_more BLOB,
  to_client      INTEGER,
  to_client_more BLOB,
  client_isn     INTEGER,              -- the upper half of isns
  client_more    BLOB,
  server_isn     INTEGER,
  server_more    BLOB
);

-- The place of each in a run.
CREATE TABLE ordinals (n INTEGER PRIMARY KEY);

INSERT INTO ordinals
WITH RECURSIVE counted(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counted WHERE n < 35)
SELECT n FROM counted;
