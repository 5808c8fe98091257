-- A part of claim.sql: the stretches of a lane in the order in which a large claim takes them, so that
-- claims of several workers do not walk over each other's rows. They would also lock rows that another
-- has just taken, and the record of such a job would wait for the claim to end.
--
-- A block is 256 positions in a row. A claim works in a block under an advisory lock. It takes the
-- blocks that others work in last, but before it goes on to the next lane. The locks end with its
-- transaction, so none is held while jobs run. The hops from block to block lock no row, and the claim
-- hops only as far as it needs.
--
-- The server has room for about 64 locks for each connection, so a claim locks 32 blocks at most. A
-- lane of few jobs among those of other lanes may have more: its rest is one stretch, taken last.
--
-- `passed` is the first position that is left to another claim. The worker's floor must not pass it.
CROSS JOIN LATERAL (
    WITH RECURSIVE block (number, first, last, is_free, passed) AS (
        SELECT 0, lane.floor, GREATEST(lane.floor, -9223372036854775807) - 1, true, NULL::bigint
        UNION ALL
        SELECT
            block.number + 1,
            next.position,
            CASE WHEN block.number < 32 THEN next.position | 255 ELSE 9223372036854775807 END,
            block.number < 32 AND pg_try_advisory_xact_lock(
                {BLOCK_LOCK},
                hashtext(concat_ws(' ', lane.queue, lane.priority, next.position / 256))
            ),
            COALESCE(block.passed, CASE WHEN NOT block.is_free THEN block.first END)
        FROM block
        CROSS JOIN LATERAL (
            SELECT position
            FROM pgjobs_job
            WHERE status = 'pending'
                AND queue_name = lane.queue
                AND priority = lane.priority
                AND position > block.last
                AND job_class <> ALL (%(paused)s::text[])
                AND id <> ALL (%(set_aside)s::bigint[])
            ORDER BY position
            LIMIT 1
        ) AS next
        WHERE block.number <= 32
    )
    SELECT first, last, passed FROM block WHERE number > 0 AND is_free
    UNION ALL
    SELECT first, last, COALESCE(passed, first) FROM block WHERE NOT is_free
) AS stretch
