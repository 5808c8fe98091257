-- The beginning of the latest round at each place: 1 is that of the worker that makes the rounds, 2 that
-- of its deputy. UNLOGGED: after a server crash the table is empty, and the first worker that asks
-- begins a round.
CREATE UNLOGGED TABLE pgjobs_round (
    place smallint PRIMARY KEY,
    begun timestamptz NOT NULL
)
