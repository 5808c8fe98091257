-- Leave an order to those of the workers that live or may live; say what became of each.
WITH seen AS MATERIALIZED (
    SELECT DISTINCT id, name, state FROM pgjobs_workers WHERE id = ANY (%(ids)s::bigint[])
),
given AS (
    INSERT INTO pgjobs_order (worker_id, kind)
    SELECT id, %(kind)s FROM seen WHERE state NOT IN ('stopped', 'dead') ORDER BY id
    ON CONFLICT (worker_id) DO UPDATE SET kind = EXCLUDED.kind, given = EXCLUDED.given
    RETURNING worker_id
)
SELECT seen.id, seen.name, seen.state, given.worker_id IS NOT NULL AS was_given
FROM seen
LEFT JOIN given ON given.worker_id = seen.id
ORDER BY seen.id
