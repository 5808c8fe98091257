-- For workers of an older release, while they run beside new ones; new ones use open_block.sql.
--
-- Enter a block of a lane for a claim, see claim_in_blocks.sql. Return 'free' if the block has
-- ready jobs and no other claim works in it: its lock is now held until the transaction ends. Return
-- 'held' if another claim works in it, and 'taken' if its jobs are taken by now.
--
-- VOLATILE: each query of the function sees what is committed at that moment. The claim that calls it
-- sees what was committed as the claim began. On a busy server this may be 100 ms ago, and others have
-- taken thousands of jobs since. The claim would lock each of them in vain, and the record of such a
-- job would wait for the claim. So the second look comes after the lock.
CREATE FUNCTION pgjobs_enter_block(for_queue text, for_priority smallint, first bigint, last bigint)
RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    FOR look IN 1..2 LOOP
        PERFORM FROM pgjobs_job
        WHERE status = 'pending'
            AND queue_name = for_queue
            AND priority = for_priority
            AND position BETWEEN first AND last
        LIMIT 1;
        IF NOT FOUND THEN
            RETURN 'taken';
        END IF;
        IF look = 1 AND NOT pg_try_advisory_xact_lock(
            {BLOCK_LOCK}, hashtext(concat_ws(' ', for_queue, for_priority, last))
        ) THEN
            RETURN 'held';
        END IF;
    END LOOP;
    RETURN 'free';
END
$$;

COMMENT ON FUNCTION pgjobs_enter_block IS
    'Take the right to claim from a block of a queue; whether it was free, held by another claim, or taken.';
