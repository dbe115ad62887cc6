-- Whose memory this is: the verifier key of the witness that `capstan witness init` made it for.
CREATE TABLE of_key (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  vkey TEXT NOT NULL
) STRICT;
