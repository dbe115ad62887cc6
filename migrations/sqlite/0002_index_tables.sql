-- What the index log comes to, written in the transaction that appends to it. Derived: emptied, it is
-- made again from the log. A migration that changes what these hold drops them and makes them anew.
-- `value` is canonical JSON; `digest` is 48 bits of the SHA-256 of table, key and value, so that a
-- row that rots is not taken for another one.
CREATE TABLE index_state (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  size INTEGER NOT NULL,
  value TEXT NOT NULL,
  digest INTEGER NOT NULL
) STRICT;

-- Rows of a kilobyte: in a tree of keys alone, found through the index of their keys.
CREATE TABLE index_scopes (key TEXT PRIMARY KEY, value TEXT NOT NULL, digest INTEGER NOT NULL) STRICT;
CREATE TABLE index_clusters (key TEXT PRIMARY KEY, value TEXT NOT NULL, digest INTEGER NOT NULL) STRICT;
CREATE TABLE index_entries (key TEXT PRIMARY KEY, value TEXT NOT NULL, digest INTEGER NOT NULL) STRICT;

-- Small rows, many for each entry.
CREATE TABLE index_scope_aliases (key TEXT PRIMARY KEY, value TEXT NOT NULL, digest INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE index_cluster_aliases (key TEXT PRIMARY KEY, value TEXT NOT NULL, digest INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE index_entry_aliases (key TEXT PRIMARY KEY, value TEXT NOT NULL, digest INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE index_held (key TEXT PRIMARY KEY, value TEXT NOT NULL, digest INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE index_quarantines (key TEXT PRIMARY KEY, value TEXT NOT NULL, digest INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE index_redirects (key TEXT PRIMARY KEY, value TEXT NOT NULL, digest INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE index_selectors (key TEXT PRIMARY KEY, value TEXT NOT NULL, digest INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE index_placed (key TEXT PRIMARY KEY, value TEXT NOT NULL, digest INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE index_history (key TEXT PRIMARY KEY, value TEXT NOT NULL, digest INTEGER NOT NULL) STRICT, WITHOUT ROWID;
