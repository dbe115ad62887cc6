-- Every certificate becomes a leaf of the issuance log in the transaction that records it. The log
-- begins with the first one that is recorded from now on: rows that are there already have no leaf.
-- Its entries are rows of the ledger. Their number stands in the key of the row: 4294967296 and the
-- number; smaller keys are of earlier rows. A program that writes no leaves must not open this store.
INSERT INTO log_tree (log, size, root)
VALUES ('issuance', 0, x'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
ON CONFLICT DO NOTHING;

-- One row, made when the log begins. `pruned` counts the rows of the log that pruning dropped, in the
-- transaction that drops them: the others are in the ledger. `earlier` is how many rows with smaller
-- keys the ledger has, and `latest` when the last of them was issued (Unix seconds; 0 where there
-- were none).
CREATE TABLE issuance_tally (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  pruned INTEGER NOT NULL,
  earlier INTEGER NOT NULL,
  latest INTEGER NOT NULL
) STRICT;
