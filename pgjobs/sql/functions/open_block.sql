-- Open a block of a lane for a claim, see claim_in_blocks.sql. `state` is 'free' if the block has ready
-- jobs and no other claim works in it: its lock is now held until the transaction ends. It is 'held' if
-- another claim works in it, and 'taken' if its jobs are taken by now. `start` is the position of its
-- first ready job.
--
-- VOLATILE: each query of the function sees what is committed at that moment. The claim that calls it
-- sees what was committed as the claim began. On a busy server this may be 100 ms ago, and others have
-- taken thousands of jobs since. The claim would lock each of them in vain, and the record of such a
-- job would wait for the claim. So the second look comes after the lock, and the claim begins where this
-- look has found a job: another claim may have taken the first part of the block.
--
-- Locks belong to the database: outside the schema public the schema's OID is a part of the key, or the claims
-- of another site in another schema would hold this block.
CREATE FUNCTION pgjobs_open_block(
    for_queue text, for_priority smallint, first bigint, last bigint, OUT state text, OUT start bigint
)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    FOR look IN 1..2 LOOP
        SELECT position INTO start
        FROM pgjobs_job
        WHERE status = 'pending'
            AND queue_name = for_queue
            AND priority = for_priority
            AND position BETWEEN first AND last
        ORDER BY position
        LIMIT 1;
        IF NOT FOUND THEN
            state := 'taken';
            RETURN;
        END IF;
        IF look = 1 AND NOT pg_try_advisory_xact_lock(
            {BLOCK_LOCK}, hashtext(concat_ws(' ', for_queue, for_priority, last, {SCHEMA}))
        ) THEN
            state := 'held';
            RETURN;
        END IF;
    END LOOP;
    state := 'free';
END
$$;

COMMENT ON FUNCTION pgjobs_open_block IS
    'Take the right to claim from a block of a queue; whether it was free, held by another claim, or taken, and where its jobs begin.';
