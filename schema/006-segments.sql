-- SPDX-License-Identifier: GPL-2.0-only
-- History in segments: what each table got between two moments.

-- One row is a segment that is closed: nothing is inserted into it any more. Kept for good.
CREATE TABLE segments (
  id      INTEGER PRIMARY KEY,  -- from 1 on, without gaps
  closed  INTEGER NOT NULL,     -- when, ns since the epoch
  strings INTEGER,              -- 1: none of it and of later ones has a string of earlier ones
  seal    BLOB                  -- SHA-256 over the seal before it and all of this one; NULL:
                                -- not sealed yet
);

-- What a table got in it. Ids grow, so that it is a range of them; a table that got
-- nothing has no row. The columns behind last_id are known when they are counted, shortly
-- after the segment was closed.
CREATE TABLE segment_tables (
  name     TEXT NOT NULL,
  segment  INTEGER NOT NULL,
  first_id INTEGER NOT NULL,
  last_id  INTEGER NOT NULL,
  rows     INTEGER,
  first    INTEGER,             -- NULL: the table has no times, or they are not known yet
  last     INTEGER,
  digest   BLOB,                -- SHA-256 of its rows; NULL: not sealed
  dropped  INTEGER,             -- sensor_events.id of the drop; NULL: it is there
  PRIMARY KEY (name, segment)
) WITHOUT ROWID;

-- Rows that might still change when their segment was sealed: of those only the columns that
-- never change are in its seal. The rest is in the seal of a later segment, when they are over.
CREATE TABLE late_rows (
  name    TEXT NOT NULL,
  id      INTEGER NOT NULL,
  segment INTEGER,              -- the one it is sealed with; NULL: it goes on
  digest  BLOB,                 -- SHA-256 of the row
  PRIMARY KEY (name, id)
) WITHOUT ROWID;

CREATE INDEX late_rows_open ON late_rows (name, id) WHERE segment IS NULL;
CREATE INDEX late_rows_sealed ON late_rows (segment) WHERE segment IS NOT NULL;

-- Paths and other texts of accesses and changes, which are dropped with those. Ids are
-- beyond those of strings that were there when this table was made: what was stored
-- before stands in strings.
CREATE TABLE paths (
  value TEXT,
  id    INTEGER PRIMARY KEY
);

-- The latest segment with empty dictionaries (segments.strings) after which it was used;
-- NULL: before there were segments.
ALTER TABLE files ADD COLUMN segment INTEGER;

INSERT INTO meta SELECT 'paths_from', coalesce(max(id), 0) FROM strings;
