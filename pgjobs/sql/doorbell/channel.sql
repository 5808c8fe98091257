-- The channel on which a ring reaches this worker: see functions/ring.sql.
SELECT concat_ws('_', 'pgjobs', {SCHEMA}, %(worker)s::bigint)
