-- SPDX-License-Identifier: GPL-2.0-only
-- Conversations and who listens.

-- Between which addresses conversations are; the client's port is not in it. A
-- dictionary: the same may stand there twice.
CREATE TABLE routes (
  id           INTEGER PRIMARY KEY,
  protocol     INTEGER NOT NULL,  -- enum kith_protocol
  client_addr  TEXT,              -- as the client's own socket has it, if that is known
  server_addr  TEXT,              -- likewise of the server's
  server_port  INTEGER,
  client_netns INTEGER,           -- NULL: the end is not of this host, or was not seen
  server_netns INTEGER,
  dialled_addr TEXT,              -- whom the client asked; NULL: server_addr
  dialled_port INTEGER,           -- NULL: server_port
  seen_addr    TEXT,              -- whom the server sees; NULL: client_addr
  name         TEXT               -- of the server, where that is not an address
);

-- One row is a conversation, both ends. Short ones are inserted once, when over.
-- Each column costs some 120 instructions a row, and a NOT NULL 30: so there is none,
-- and what seldom matters stands in the upper bits of another column.
CREATE TABLE connections (
  id            INTEGER PRIMARY KEY,
  started       INTEGER,
  lasted        INTEGER,          -- ns; NULL: no end is known
  route         INTEGER,
  client        INTEGER,          -- processes
  server        INTEGER,
  client_opener INTEGER,          -- NULL: the same as client; 0: not known
  server_opener INTEGER,
  client_port   INTEGER,          -- | (it ^ what the server sees) << 16
  to_server     INTEGER,          -- bytes
  to_client     INTEGER,
  isns          INTEGER,          -- client's << 32 | server's; NULL: not known
  flags         INTEGER,          -- 1 client known, 2 server known, 4 established,
                                  -- 8 joined by tuple, 16 incomplete, 32 gone,
                                  -- scope << 6, errno << 8
  load          INTEGER,
  number        INTEGER           -- the module's; NULL: it is over
);

-- The open ones, for a restart; those that are over do not touch it.
CREATE INDEX connections_open ON connections (number) WHERE number IS NOT NULL;

CREATE TABLE listeners (
  id       INTEGER PRIMARY KEY,
  load     INTEGER NOT NULL,
  number   INTEGER,
  process  INTEGER,
  protocol INTEGER NOT NULL,
  addr     TEXT NOT NULL,
  port     INTEGER NOT NULL,
  netns    INTEGER,
  started  INTEGER NOT NULL,
  ended    INTEGER,
  flags    INTEGER NOT NULL       -- 16 incomplete, 32 gone
);

CREATE INDEX listeners_open ON listeners (number) WHERE number IS NOT NULL;

-- Who used an end besides the process that stands in connections.
CREATE TABLE connection_uses (
  connection INTEGER NOT NULL,
  side       INTEGER NOT NULL,    -- enum kith_side
  process    INTEGER NOT NULL,
  sent       INTEGER NOT NULL,
  received   INTEGER NOT NULL,
  first      INTEGER NOT NULL,
  last       INTEGER NOT NULL,
  PRIMARY KEY (connection, side, process)
) WITHOUT ROWID;
