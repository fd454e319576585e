-- SPDX-License-Identifier: GPL-2.0-only
-- What is usual on this host, what was not, and what people said about that.

-- One value each: version of the normalisation, since when it is learned, and so on.
CREATE TABLE baseline_state (
  name  TEXT PRIMARY KEY,
  value
) WITHOUT ROWID;

-- What contexts and objects are called, normalised. The id is a hash of the text with the
-- number of the first load, so that nobody can choose two that are the same.
CREATE TABLE baseline_texts (
  id   INTEGER PRIMARY KEY,
  text TEXT NOT NULL
);

-- In which situation (who runs, where, of what descent) something is seen or not. Its id is a
-- hash of template, level and text.
CREATE TABLE baseline_contexts (
  id       INTEGER PRIMARY KEY,
  template INTEGER NOT NULL,      -- of baseline_templates
  level    INTEGER NOT NULL,      -- 0: the whole host; greater is more specific
  text     INTEGER NOT NULL,      -- of baseline_texts
  n        REAL NOT NULL,         -- of its edges, together, as of `hour`
  objects  INTEGER NOT NULL,      -- how many edges count
  runs     INTEGER NOT NULL,      -- executions that were in it
  first    INTEGER NOT NULL,      -- hours since the epoch, as below
  hour     INTEGER NOT NULL,      -- the last one in which it was met
  days     INTEGER NOT NULL,      -- on so many different ones
  clean    INTEGER NOT NULL       -- 1: learned by watching; 0: imported
);

-- What was seen in it: at most once an hour counts, half of it after 30 days.
CREATE TABLE baseline_edges (
  context INTEGER NOT NULL,
  object  INTEGER NOT NULL,       -- of baseline_texts
  n       REAL NOT NULL,
  times   INTEGER NOT NULL,       -- all of them, however often
  first   INTEGER NOT NULL,
  hour    INTEGER NOT NULL,
  days    INTEGER NOT NULL,
  pending INTEGER NOT NULL,       -- 1: it was unusual, and does not count yet
  PRIMARY KEY (context, object)
) WITHOUT ROWID;

-- How surprising things are as a rule: how many there were of each half bit.
CREATE TABLE baseline_surprises (
  template INTEGER NOT NULL,
  class    INTEGER NOT NULL,      -- of baseline_classes
  bin      INTEGER NOT NULL,      -- half bits
  n        INTEGER NOT NULL,
  PRIMARY KEY (template, class, bin)
) WITHOUT ROWID;

-- When records were lost, or nobody watched: what was done then was not learned either.
CREATE TABLE baseline_gaps (
  id      INTEGER PRIMARY KEY,
  from_ts INTEGER NOT NULL,
  to_ts   INTEGER NOT NULL,
  cause   TEXT NOT NULL,
  lost    INTEGER                 -- NULL: nobody knows
);

-- Images that ran when this was last written: who they are to the learner.
CREATE TABLE actors (
  execution INTEGER PRIMARY KEY,
  state     BLOB NOT NULL
);

CREATE TABLE baseline_templates (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL
);

INSERT INTO baseline_templates VALUES
  (1, 'exec'), (2, 'argv'), (3, 'reach'), (4, 'peer'), (5, 'serve'), (6, 'write'),
  (7, 'secret'), (8, 'credential'), (9, 'control'), (10, 'session'), (11, 'volume'),
  (12, 'hour');

CREATE TABLE baseline_classes (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL
);

INSERT INTO baseline_classes VALUES
  (0, 'host'), (1, 'service'), (2, 'job'), (3, 'container'), (4, 'login'), (5, 'package');

-- What was seen and is not usual, whether or not an incident came of it.
CREATE TABLE anomalies (
  id        INTEGER PRIMARY KEY,
  ts        INTEGER NOT NULL,
  process   INTEGER,
  execution INTEGER,              -- what it ran then
  root      INTEGER NOT NULL,     -- execution with which began what hangs together
  template  INTEGER NOT NULL,
  kind      INTEGER NOT NULL,     -- what is the same is one sign: see risk.h
  class     INTEGER NOT NULL,
  context   INTEGER NOT NULL,     -- baseline_texts
  object    INTEGER NOT NULL,     -- baseline_texts
  source    TEXT NOT NULL,        -- a view, and
  row_key   INTEGER,              -- the id of a row of it
  bits      REAL NOT NULL,        -- how surprising it is
  weight    REAL NOT NULL,        -- how grave
  seen      INTEGER NOT NULL,     -- in this context, so many times before
  runs      INTEGER NOT NULL,     -- of so many executions
  days      INTEGER NOT NULL,     -- on so many days
  elsewhere INTEGER NOT NULL,     -- on the rest of the host
  technique TEXT,                 -- of MITRE ATT&CK
  sentence  TEXT NOT NULL,        -- names in it are escaped as in kith's tables
  act       TEXT NOT NULL,        -- its beginning: who did what
  workload  TEXT NOT NULL,        -- of who did it
  incident  INTEGER,
  rank      INTEGER               -- in its incident, from 1 on; NULL: not among the first ten
);

CREATE INDEX anomalies_incident ON anomalies (incident, rank) WHERE incident IS NOT NULL;

CREATE INDEX anomalies_root ON anomalies (root);

CREATE TABLE incidents (
  id         INTEGER PRIMARY KEY,
  first      INTEGER NOT NULL,
  last       INTEGER NOT NULL,
  score      REAL NOT NULL,
  threshold  REAL NOT NULL,       -- that it had to reach
  title      TEXT NOT NULL,
  status     TEXT NOT NULL,       -- open, or the last verdict
  revision   INTEGER NOT NULL,    -- of all incidents the last one changed has the greatest
  root       INTEGER,             -- processes.id: where it began
  workload   TEXT,
  techniques TEXT,
  signs      INTEGER NOT NULL,    -- that differ
  tactics    INTEGER NOT NULL,
  allow      TEXT                 -- the argument for kith allow that would explain it
);

-- Processes with evidence, and those between them and the root.
CREATE TABLE incident_processes (
  incident  INTEGER NOT NULL,
  process   INTEGER NOT NULL,
  parent    INTEGER,              -- in the incident; NULL: none is
  execution INTEGER,
  role      TEXT NOT NULL,        -- root, link, or evidence; cause: not of the same tree
  score     REAL NOT NULL,
  first     INTEGER NOT NULL,
  PRIMARY KEY (incident, process)
) WITHOUT ROWID;

-- What people said. What is to be explained by it is matched with what evidence says.
CREATE TABLE allowances (
  id       INTEGER PRIMARY KEY,
  template INTEGER NOT NULL,
  context  TEXT NOT NULL,         -- patterns as of GLOB over the texts
  object   TEXT NOT NULL,
  incident INTEGER,
  verdict  TEXT NOT NULL,         -- benign, expected, malicious
  author   TEXT NOT NULL,
  reason   TEXT NOT NULL,
  created  INTEGER NOT NULL,
  expires  INTEGER,               -- NULL: never
  removed  INTEGER,               -- when; it stays, to be seen
  hits     INTEGER NOT NULL,
  last_hit INTEGER
);
