-- What witnesses have signed of the heads of a log: the latest of each witness, with the head that it is
-- of. Not derived; a witness that is asked again answers again. `witness` is its verifier key.
CREATE TABLE log_cosignature (
  log TEXT NOT NULL,
  witness TEXT NOT NULL,
  size INTEGER NOT NULL,
  root BLOB NOT NULL,
  state BLOB,
  at INTEGER NOT NULL,
  line TEXT NOT NULL,
  PRIMARY KEY (log, witness)
) STRICT, WITHOUT ROWID;
