-- The state map of the index: what the tables hold, as a Merkle map. Derived from them, and written in
-- the transaction that changes them; emptied, it is made again. An index of an earlier version gets it
-- when it is first opened.
--
-- Its root at each size of the log, from the latest checkpoint's on. Place 0: no rows. Size -1: a map
-- that is being made.
CREATE TABLE index_map (
  size INTEGER PRIMARY KEY,
  root BLOB NOT NULL,
  place INTEGER NOT NULL
) STRICT;

CREATE TABLE index_map_node (
  place INTEGER PRIMARY KEY,
  octets BLOB NOT NULL
) STRICT;

-- Nodes that no longer belong to it, and since which size of the log: roots of smaller sizes lead to
-- them. They go when a checkpoint of that size has been signed.
CREATE TABLE index_map_gone (
  place INTEGER PRIMARY KEY,
  size INTEGER NOT NULL
) STRICT;

-- The root of the state map that the checkpoint signs; null where an earlier version signed it.
ALTER TABLE log_checkpoint ADD COLUMN state BLOB;
