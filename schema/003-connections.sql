-- SPDX-License-Identifier: GPL-2.0-only
-- Conversations, who listens, pipes, other sockets, and files that were handed over.

CREATE TABLE protocols (
  id        INTEGER PRIMARY KEY,  -- enum kith_protocol
  name      TEXT NOT NULL,
  via       TEXT NOT NULL,        -- of view flow
  datagrams INTEGER NOT NULL      -- 1: what is sent keeps its bounds
);

INSERT INTO protocols VALUES
  (1, 'tcp', 'tcp', 0),
  (2, 'udp', 'udp', 1),
  (3, 'unix-stream', 'unix', 0),
  (4, 'unix-dgram', 'unix', 1),
  (5, 'unix-seqpacket', 'unix', 1);

-- Between which addresses conversations are; the client's port is not in it. A
-- dictionary: the same may stand there twice. Unix sockets have no addresses and ports.
CREATE TABLE routes (
  id           INTEGER PRIMARY KEY,
  protocol     INTEGER NOT NULL,
  client_addr  TEXT,              -- as the client's own socket has it, if that is known
  server_addr  TEXT,              -- likewise of the server's
  server_port  INTEGER,
  client_netns INTEGER,           -- NULL: the end is not of this host, or was not seen
  server_netns INTEGER,
  dialled_addr TEXT,              -- whom the client asked; NULL: server_addr
  dialled_port INTEGER,           -- NULL: server_port
  seen_addr    TEXT,              -- whom the server sees; NULL: client_addr
  name         TEXT               -- of the server's Unix socket: /path or @abstract
);

-- One row is a conversation, both ends. Short ones are inserted once, when over.
-- Each column costs some 120 instructions a row, and a NOT NULL 30: so there is none,
-- and what seldom matters stands in the upper bits of another column.
CREATE TABLE connections (
  started       INTEGER,
  lasted        INTEGER,          -- ns; NULL: no end is known
  route         INTEGER,
  client        INTEGER,          -- processes
  server        INTEGER,
  client_opener INTEGER,          -- NULL: the same as client; 0: not known
  server_opener INTEGER,
  client_port   INTEGER,          -- | (it ^ what the server sees) << 16; NULL: Unix
  to_server     INTEGER,          -- bytes
  to_client     INTEGER,
  isns          INTEGER,          -- client's << 32 | server's; NULL: not known. Of
                                  -- datagrams how many: to the server << 32 | to the client
  flags         INTEGER,          -- 1 client known, 2 server known, 4 established,
                                  -- 8 joined by tuple, 16 incomplete, 32 gone,
                                  -- scope << 6, errno << 8
  load          INTEGER,
  number        INTEGER,          -- the module's; NULL: it is over
  id            INTEGER PRIMARY KEY
);

-- The open ones, for a restart; those that are over do not touch it.
CREATE INDEX connections_open ON connections (number) WHERE number IS NOT NULL;

CREATE TABLE listeners (
  id       INTEGER PRIMARY KEY,
  load     INTEGER NOT NULL,
  number   INTEGER,
  process  INTEGER,
  protocol INTEGER NOT NULL,
  addr     TEXT,                  -- NULL: Unix
  port     INTEGER,
  netns    INTEGER,
  started  INTEGER NOT NULL,
  ended    INTEGER,
  flags    INTEGER NOT NULL,      -- 16 incomplete, 32 gone
  name     TEXT                   -- as in routes
);

CREATE INDEX listeners_open ON listeners (number) WHERE number IS NOT NULL;

-- Who used an end besides the process that stands in connections. Process 0: the
-- least busy ones together.
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

-- One row is a pipe or FIFO that something moved through. As in connections there is no
-- NOT NULL: a shell makes one for each |.
CREATE TABLE pipes (
  started INTEGER,
  lasted  INTEGER,                -- ns; NULL: no end is known
  writer  INTEGER,                -- NULL: nobody has, or see pipe_uses
  reader  INTEGER,
  written INTEGER,                -- bytes
  read    INTEGER,                -- NULL: the same as written
  inode   INTEGER,
  device  INTEGER,
  path    INTEGER,                -- strings
  flags   INTEGER,                -- 1 FIFO, 2 inexact, 16 incomplete, 32 gone
  load    INTEGER,
  number  INTEGER,                -- the module's; NULL: it is over
  id      INTEGER PRIMARY KEY
);

CREATE INDEX pipes_open ON pipes (number) WHERE number IS NOT NULL;

-- Of a pipe with several writers or readers all of them; process 0 as in connection_uses.
CREATE TABLE pipe_uses (
  pipe    INTEGER NOT NULL,
  process INTEGER NOT NULL,
  written INTEGER NOT NULL,
  read    INTEGER NOT NULL,
  first   INTEGER NOT NULL,
  last    INTEGER NOT NULL,
  PRIMARY KEY (pipe, process)
) WITHOUT ROWID;

-- Sockets of families that nothing more is told of; what is alike is one row.
CREATE TABLE sockets_made (
  process  INTEGER NOT NULL,
  family   INTEGER NOT NULL,      -- AF_*
  type     INTEGER NOT NULL,      -- SOCK_*
  protocol INTEGER NOT NULL,
  count    INTEGER NOT NULL,
  first    INTEGER NOT NULL,
  last     INTEGER NOT NULL,
  PRIMARY KEY (process, family, type, protocol)
) WITHOUT ROWID;

-- What one process did to another.
CREATE TABLE controls (
  id         INTEGER PRIMARY KEY,
  ts         INTEGER NOT NULL,
  process    INTEGER,
  op         INTEGER NOT NULL,    -- enum kith_control_op
  target     INTEGER,
  path       INTEGER,             -- strings
  connection INTEGER,             -- what was handed over, if it is known
  pipe       INTEGER
);
