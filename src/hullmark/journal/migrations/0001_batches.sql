-- The journal itself, and which of these files have been applied. Names are found in the journal's
-- own schema: the store sets the search path.

CREATE TABLE migration (
    version integer PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE batch (
    first bigint PRIMARY KEY,   -- sequence
    last bigint NOT NULL,       -- sequence
    previous_hash bytea NOT NULL,
    hash bytea NOT NULL,
    payload bytea NOT NULL      -- the units, as MessagePack
);
