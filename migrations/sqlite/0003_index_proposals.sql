-- Proposals that voters are asked about. The tables above hold what a log of earlier versions comes
-- to, in which there are none: these begin empty.
CREATE TABLE index_proposals (key TEXT PRIMARY KEY, value TEXT NOT NULL, digest INTEGER NOT NULL) STRICT;
CREATE TABLE index_waiting (key TEXT PRIMARY KEY, value TEXT NOT NULL, digest INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE index_slots (key TEXT PRIMARY KEY, value TEXT NOT NULL, digest INTEGER NOT NULL) STRICT, WITHOUT ROWID;
