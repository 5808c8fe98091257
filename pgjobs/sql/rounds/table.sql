-- The beginning of the latest round, in one row. UNLOGGED: after a server crash the table is empty, and
-- the first worker that asks begins a round.
CREATE UNLOGGED TABLE pgjobs_round (
    is_latest boolean PRIMARY KEY DEFAULT true CHECK (is_latest),
    begun timestamptz NOT NULL
)
