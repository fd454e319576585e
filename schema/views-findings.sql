-- SPDX-License-Identifier: GPL-2.0-only
-- What is usual here, and what was not.

-- What belongs together of what was not usual, and passed the gate.
CREATE VIEW incident AS
SELECT
  id AS incident_id, first, last, score, title, status,
  -- further columns
  revision, threshold, root AS root_id, workload, techniques, signs, tactics, allow,
  CAST('SELECT * FROM evidence WHERE incident_id = ' || id || ' ORDER BY rank' AS TEXT) AS query,
  CAST((SELECT count(*) FROM baseline_gaps g WHERE g.to_ts >= i.first - 3600000000000
    AND g.from_ts <= i.last) AS INTEGER) AS gaps
FROM incidents i;

-- The rows that show it, at most ten, the gravest first.
CREATE VIEW evidence AS
SELECT
  incident AS incident_id, rank, source, row_key, process AS process_id, sentence,
  -- further columns
  ts, execution AS execution_id,
  CAST((SELECT name FROM baseline_templates WHERE id = template) AS TEXT) AS template,
  technique, bits, weight,
  CAST(bits * weight AS REAL) AS score,
  seen, runs, days, elsewhere,
  CAST((SELECT text FROM baseline_texts WHERE id = context) AS TEXT) AS context,
  CAST((SELECT text FROM baseline_texts WHERE id = object) AS TEXT) AS object,
  id AS anomaly_id
FROM anomalies
WHERE incident IS NOT NULL AND rank IS NOT NULL;

-- All that was not usual, also what no incident came of.
CREATE VIEW anomaly AS
SELECT
  id AS anomaly_id, ts, process AS process_id, execution AS execution_id,
  CAST((SELECT name FROM baseline_templates WHERE id = template) AS TEXT) AS template,
  CAST((SELECT name FROM baseline_classes WHERE id = class) AS TEXT) AS class,
  CAST((SELECT text FROM baseline_texts WHERE id = context) AS TEXT) AS context,
  CAST((SELECT text FROM baseline_texts WHERE id = object) AS TEXT) AS object,
  source, row_key, bits, weight, CAST(bits * weight AS REAL) AS score, seen, runs, days,
  elsewhere, technique, sentence, incident AS incident_id, rank
FROM anomalies;

-- The processes of an incident as a tree.
CREATE VIEW incident_process AS
SELECT incident AS incident_id, process AS process_id, parent AS parent_id,
  execution AS execution_id, role, score, first
FROM incident_processes;

-- What is usual: this was seen in that situation.
CREATE VIEW baseline AS
SELECT
  CAST((SELECT name FROM baseline_templates WHERE id = c.template) AS TEXT) AS template,
  c.level,
  CAST((SELECT text FROM baseline_texts WHERE id = c.text) AS TEXT) AS context,
  CAST((SELECT text FROM baseline_texts WHERE id = e.object) AS TEXT) AS object,
  e.times, e.n AS weight,
  CAST(e.first * 3600000000000 AS INTEGER) AS first,
  CAST(e.hour * 3600000000000 AS INTEGER) AS last,
  e.days, e.pending,
  c.runs, c.days AS context_days, c.n AS context_weight, c.objects,
  c.id AS context_id, e.object AS object_id
FROM baseline_edges e
CROSS JOIN baseline_contexts c ON c.id = e.context;

CREATE VIEW baseline_gap AS
SELECT from_ts, to_ts, cause, lost FROM baseline_gaps;

-- What people said of what was not usual.
CREATE VIEW allowance AS
SELECT
  id AS allowance_id,
  CAST((SELECT name FROM baseline_templates WHERE id = template) AS TEXT) AS template,
  context, object, incident AS incident_id, verdict, author, reason, created, expires, removed,
  hits, last_hit
FROM allowances;
