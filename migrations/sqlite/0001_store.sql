-- The ledger is partitioned by the UTC day of notAfter: one table leaf_YYYYMMDD per day, made when
-- the first leaf of that day is recorded. Index inserts stay in one small tree, and pruning drops
-- whole tables. Times are integer seconds.
CREATE TABLE ledger_partition (
  day INTEGER PRIMARY KEY
) STRICT;

-- Outlives pruning: a name may pass to another entry only after this.
CREATE TABLE entry_issuance (
  entry TEXT PRIMARY KEY,
  last_not_after INTEGER NOT NULL,
  issued INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE revocation (
  serial TEXT PRIMARY KEY,
  issuer_id TEXT NOT NULL,
  not_after INTEGER NOT NULL,
  revoked_at INTEGER NOT NULL,
  reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX revocation_by_issuer ON revocation (issuer_id, not_after);

CREATE TABLE crl_number (
  issuer_id TEXT PRIMARY KEY,
  number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE join_token (
  id TEXT PRIMARY KEY,
  secret_sha256 TEXT NOT NULL,
  entry TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE challenge (
  id TEXT PRIMARY KEY,
  nonce TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER
) STRICT, WITHOUT ROWID;

-- Exact bytes, never re-encoded. Envelopes are a JSON array of base64 texts, in the record's order.
CREATE TABLE index_log (
  seq INTEGER PRIMARY KEY,
  record BLOB NOT NULL,
  envelopes TEXT NOT NULL
) STRICT;

CREATE TABLE authority (
  id TEXT PRIMARY KEY,
  role TEXT NOT NULL,
  certificate BLOB NOT NULL,
  parents TEXT NOT NULL,
  key_ref TEXT,
  state TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE probe (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  writes INTEGER NOT NULL
) STRICT;
