-- The Merkle trees of logs. Derived from their entries, and written in the transaction that appends
-- them; emptied, they are made again. `octets` are the hashes of a tile, 32 each: the last tile of a
-- level is replaced as it gets wider. The tree of an index log of an earlier version begins empty and
-- takes in its records when it is first opened.
CREATE TABLE log_tree (
  log TEXT PRIMARY KEY,
  size INTEGER NOT NULL,
  root BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE log_tile (
  log TEXT NOT NULL,
  level INTEGER NOT NULL,
  number INTEGER NOT NULL,
  octets BLOB NOT NULL,
  PRIMARY KEY (log, level, number)
) STRICT;

-- The latest signed head of each tree. Not derived: nothing makes it again.
CREATE TABLE log_checkpoint (
  log TEXT PRIMARY KEY,
  size INTEGER NOT NULL,
  root BLOB NOT NULL,
  note TEXT NOT NULL
) STRICT, WITHOUT ROWID;
