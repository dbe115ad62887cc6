-- What a witness has cosigned last of each log. A row is only ever replaced by one that goes on from it.
-- `at` is the time of the cosignature, `note` the checkpoint with the log's own signatures.
CREATE TABLE cosigned (
  origin TEXT PRIMARY KEY,
  size INTEGER NOT NULL,
  root BLOB NOT NULL,
  at INTEGER NOT NULL,
  note TEXT NOT NULL
) STRICT, WITHOUT ROWID;
