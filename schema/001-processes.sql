-- SPDX-License-Identifier: GPL-2.0-only
-- Tables are plural, and compact: ids, dictionaries, nanoseconds. What people
-- query are the views in views.sql. Nothing here but the primary keys is
-- indexed: each table is appended to in the order of its key.

CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value
) WITHOUT ROWID;

CREATE TABLE boots (
  id    INTEGER PRIMARY KEY,
  uuid  TEXT NOT NULL UNIQUE,     -- /proc/sys/kernel/random/boot_id
  first INTEGER NOT NULL          -- when we first met it
);

-- One load of the module into a kernel; what is stored of its stream.
CREATE TABLE loads (
  id      INTEGER PRIMARY KEY,
  boot    INTEGER NOT NULL,
  load    INTEGER NOT NULL UNIQUE, -- the module's own random number
  version TEXT,
  loaded  INTEGER NOT NULL,        -- ns since the epoch
  dumped  INTEGER                  -- when its live processes were stored
);

-- The last record of each ring that is stored, for the latest load.
CREATE TABLE positions (
  ring INTEGER PRIMARY KEY,
  seq  INTEGER NOT NULL
);

-- Dictionaries. The same value may stand there twice after a restart. Of what is written
-- often the id is the last column, and nothing is NOT NULL: then SQLite numbers a row and
-- copies and compares nothing, which is 400 instructions less a row (docs/decisions.md 10).
CREATE TABLE strings (
  value TEXT,                     -- any bytes but NUL
  id    INTEGER PRIMARY KEY
);

CREATE TABLE executables (
  id     INTEGER PRIMARY KEY,
  path   TEXT NOT NULL,
  device INTEGER,                 -- major << 20 | minor; NULL: name not resolved
  inode  INTEGER,
  mode   INTEGER,
  owner  INTEGER,
  origin TEXT                     -- memfd, deleted, tmpfs, disk
);

CREATE TABLE namespaces (
  id     INTEGER PRIMARY KEY,     -- inode numbers of /proc/PID/ns
  mnt    INTEGER,
  pid    INTEGER,
  net    INTEGER,
  user   INTEGER,
  cgroup INTEGER,
  ipc    INTEGER,
  uts    INTEGER
);

CREATE TABLE containers (
  id      INTEGER PRIMARY KEY,
  boot    INTEGER NOT NULL,
  cgroup  INTEGER NOT NULL,       -- the kernel's id of it
  path    TEXT,                   -- in the unified hierarchy
  runtime TEXT,
  name    TEXT,
  unit    TEXT,
  first   INTEGER NOT NULL,
  last    INTEGER NOT NULL
);

-- As whom and where a process runs; most processes share one with many.
CREATE TABLE contexts (
  id            INTEGER PRIMARY KEY,
  uid           INTEGER,
  euid          INTEGER,
  gid           INTEGER,
  egid          INTEGER,
  cap_permitted INTEGER,
  cap_effective INTEGER,
  loginuid      INTEGER,
  session       INTEGER,
  tty           INTEGER,
  sid           INTEGER,
  container     INTEGER,
  namespaces    INTEGER
);

CREATE TABLE credential_sets (
  id              INTEGER PRIMARY KEY,
  uid             INTEGER,
  gid             INTEGER,
  suid            INTEGER,
  sgid            INTEGER,
  euid            INTEGER,
  egid            INTEGER,
  fsuid           INTEGER,
  fsgid           INTEGER,
  securebits      INTEGER,
  userns          INTEGER,
  groups          INTEGER,        -- how many
  cap_inheritable INTEGER,
  cap_permitted   INTEGER,
  cap_effective   INTEGER,
  cap_bounding    INTEGER,
  cap_ambient     INTEGER
);

-- Facts.
CREATE TABLE processes (
  boot        INTEGER,
  key         INTEGER,            -- the module's, unique within the boot
  ns_pid      INTEGER,            -- NULL: the same as the pid in key
  parent      INTEGER,
  creator     INTEGER,            -- NULL: the same as parent
  started     INTEGER,
  lived       INTEGER,            -- ns; NULL: no end is known
  status      INTEGER,            -- as wait(2) gives it
  runtime     INTEGER,            -- ns on a CPU
  max_rss     INTEGER,            -- bytes
  execution   INTEGER,            -- last image, its own or inherited
  context     INTEGER,            -- last
  clone       INTEGER,            -- flags of clone(2)
  flags       INTEGER,            -- 1 incomplete, 2 kernel thread, 4 unexplained, 8 gone
  comm        TEXT,               -- only where it is not the end of exe
  plain_reads INTEGER,            -- of the system's own files, which are no rows
  plain_bytes INTEGER,
  id          INTEGER PRIMARY KEY
);

CREATE TABLE executions (
  ts         INTEGER,
  process    INTEGER,
  parent     INTEGER,
  executable INTEGER,
  argv       INTEGER,
  cwd        INTEGER,
  script     INTEGER,
  via        INTEGER,             -- further scripts, one a line
  env        INTEGER,
  context    INTEGER,
  flags      INTEGER,             -- KITH_IMAGE_*
  unknown    INTEGER,             -- KITH_KNOWN_* bits that are not set
  argv_size  INTEGER,             -- only where it is not that of argv and a NUL
  error      INTEGER,
  live       INTEGER,             -- 1: found running, its exec was not seen
  file       INTEGER,             -- that is executed, as in accesses
  previous   INTEGER,             -- what the process ran before it: an earlier image of its
                                  -- own, or its creator's when it was born
  id         INTEGER PRIMARY KEY
);

CREATE TABLE credentials (
  id          INTEGER PRIMARY KEY,
  ts          INTEGER NOT NULL,
  lasted      INTEGER NOT NULL,   -- ns from the first to the last of `count`
  count       INTEGER NOT NULL,
  process     INTEGER NOT NULL,
  tid         INTEGER,            -- NULL: the first thread
  cause       INTEGER NOT NULL,
  flags       INTEGER NOT NULL,   -- KITH_CREDENTIAL_*
  before      INTEGER NOT NULL,
  after       INTEGER NOT NULL,
  groups_from TEXT,
  groups_to   TEXT
);

CREATE TABLE cgroup_moves (
  id        INTEGER PRIMARY KEY,
  ts        INTEGER NOT NULL,
  process   INTEGER NOT NULL,     -- who moved
  target    INTEGER NOT NULL,     -- whom
  container INTEGER NOT NULL
);

CREATE TABLE sensor_events (
  id      INTEGER PRIMARY KEY,
  ts      INTEGER NOT NULL,
  boot    INTEGER,
  event   TEXT NOT NULL,
  process INTEGER,                -- who did it, if a process did
  detail  TEXT
);

CREATE TABLE losses (
  id      INTEGER PRIMARY KEY,
  boot    INTEGER NOT NULL,
  cpu     INTEGER,
  class   TEXT NOT NULL,
  cause   TEXT NOT NULL,
  from_ts INTEGER NOT NULL,
  to_ts   INTEGER NOT NULL,
  lost    INTEGER                 -- NULL: an unknown number
);

-- How much of the module's running totals stands in losses.
CREATE TABLE loss_totals (
  load  INTEGER NOT NULL,
  cpu   INTEGER NOT NULL,
  class INTEGER NOT NULL,
  cause INTEGER NOT NULL,
  total INTEGER NOT NULL,
  until INTEGER NOT NULL,
  latest INTEGER NOT NULL,        -- losses.id
  PRIMARY KEY (load, cpu, class, cause)
) WITHOUT ROWID;

-- Records stored, by class of the wire contract.
CREATE TABLE received (
  load  INTEGER NOT NULL,
  class INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (load, class)
) WITHOUT ROWID;

-- Processes that lived when this was last written, and those made since are
-- all that a restart has to look at.
CREATE TABLE living (
  process INTEGER PRIMARY KEY
);
