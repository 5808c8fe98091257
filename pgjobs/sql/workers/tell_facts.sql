-- What a worker tells of itself, at its start and every half minute. The commit does not wait for the
-- disk: after a crash of the server it is told anew.
--
-- The facts of workers whose rows are gone go too. Other workers delete the same ones: no statement waits
-- for another, and the locks are taken in the order of the ids.
WITH gone AS (
    DELETE FROM pgjobs_worker_facts
    WHERE worker_id IN (
        SELECT facts.worker_id
        FROM pgjobs_worker_facts AS facts
        WHERE NOT EXISTS (SELECT FROM pgjobs_worker AS worker WHERE worker.id = facts.worker_id)
            AND facts.worker_id <> %(id)s
        ORDER BY facts.worker_id
        FOR UPDATE SKIP LOCKED
    )
)
INSERT INTO pgjobs_worker_facts AS facts (worker_id, code_version, pgjobs_version, memory, told)
SELECT %(id)s, %(code_version)s, %(pgjobs_version)s, %(memory)s, statement_timestamp()
WHERE set_config('synchronous_commit', 'off', true) = 'off'
ON CONFLICT (worker_id) DO UPDATE
SET (code_version, pgjobs_version, memory, told)
    = (EXCLUDED.code_version, EXCLUDED.pgjobs_version, EXCLUDED.memory, EXCLUDED.told)
