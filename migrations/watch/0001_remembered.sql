-- The latest head of each log that was found to be right. A row is only ever replaced by a larger one
-- of the same key. `frontier` is the roots of the complete subtrees, 32 octets each, from left to right.
CREATE TABLE remembered (
  log TEXT PRIMARY KEY,
  key TEXT NOT NULL,
  size INTEGER NOT NULL,
  root BLOB NOT NULL,
  state BLOB,
  frontier BLOB NOT NULL,
  note TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Which record of the issuance log has a serial number.
CREATE TABLE serial (
  serial BLOB PRIMARY KEY,
  record INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
