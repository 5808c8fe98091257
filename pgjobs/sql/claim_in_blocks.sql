-- A part of claim.sql: the stretches of a lane in the order in which a claim takes them, so that claims
-- of several workers do not walk over each other's rows.
--
-- A block is 256 positions in a row. A claim works in a block under an advisory lock, see
-- functions/open_block.sql. It takes the blocks that others work in last, but before it goes on to the
-- next lane. The locks end with its transaction, so none is held while jobs run. The hops from block to
-- block lock no row, and the claim hops only as far as it needs.
--
-- The server has room for about 64 locks for each connection, so a claim locks 32 blocks at most. A
-- lane of few jobs among those of other lanes may have more: its rest is one stretch, taken last.
--
-- `passed` is the first position that is left to another claim. The worker's floor must not pass it.
CROSS JOIN LATERAL (
    WITH RECURSIVE block (locks, first, last, state, passed) AS (
        SELECT 0, lane.floor, GREATEST(lane.floor, -9223372036854775807) - 1, 'taken', NULL::bigint
        UNION ALL
        SELECT
            block.locks + CASE entered.state WHEN 'free' THEN 1 ELSE 0 END,
            COALESCE(entered.start, next.position),
            CASE entered.state WHEN 'rest' THEN 9223372036854775807 ELSE next.position | 255 END,
            entered.state,
            COALESCE(block.passed, CASE entered.state WHEN 'held' THEN next.position END)
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
        CROSS JOIN LATERAL (
            SELECT 'rest' AS state, next.position AS start
            WHERE block.locks = 32
            UNION ALL
            SELECT state, start
            FROM pgjobs_open_block(lane.queue, lane.priority, next.position, next.position | 255)
            WHERE block.locks < 32
        ) AS entered
    )
    SELECT first, last, passed FROM block WHERE state = 'free'
    UNION ALL
    -- The other claim may have ended by now, and taken all jobs of the block.
    SELECT again.start, last, passed
    FROM block
    CROSS JOIN LATERAL pgjobs_open_block(lane.queue, lane.priority, first, last) AS again
    WHERE block.state = 'held' AND again.state <> 'taken'
    UNION ALL
    SELECT first, last, passed FROM block WHERE state = 'rest'
) AS stretch
