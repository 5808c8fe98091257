-- Make finished jobs pending again, as JobQuerySet.retry() does; steering/retry.sql has the reasons of
-- each column. A job whose place is taken stays as it is, and of several jobs that held one place the newest
-- takes it. It does not ring, as pgjobs_enqueue() does not.
CREATE FUNCTION pgjobs_retry(VARIADIC ids bigint[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    held bigint[] := ARRAY(
        SELECT id
        FROM pgjobs_job
        WHERE id = ANY (ids) AND status IN ('completed', 'errored', 'failed', 'cancelled')
        ORDER BY id
        FOR NO KEY UPDATE
    );
    rest bigint[] := ARRAY(
        SELECT DISTINCT ON (once_key, CASE WHEN once_key IS NULL THEN id END) id
        FROM pgjobs_job
        WHERE id = ANY (held)
        ORDER BY once_key, CASE WHEN once_key IS NULL THEN id END, id DESC
    );
    size integer := GREATEST(cardinality(rest), 1);
    again integer := 0;
    changed integer;
    violated text;
BEGIN
    WHILE cardinality(rest) > 0 LOOP
        BEGIN
            UPDATE pgjobs_job AS job
            SET status = 'pending',
                position = nextval('pgjobs_position'),
                scheduled = statement_timestamp(),
                attempt = 0,
                interruptions = 0,
                started = NULL,
                completed = NULL,
                error = '',
                progress = NULL,
                successor = NULL,
                cancel_requested = NULL,
                interval = CASE
                    WHEN status = 'cancelled' AND (started IS NULL OR cancel_requested IS NULL) THEN interval
                END
            WHERE id = ANY (rest[:size])
                AND status IN ('completed', 'errored', 'failed', 'cancelled')
                AND NOT EXISTS (
                    SELECT
                    FROM pgjobs_job AS holder
                    WHERE holder.once_key = job.once_key
                        AND holder.status IN ('pending', 'scheduled', 'running')
                );
            GET DIAGNOSTICS changed = ROW_COUNT;
            again := again + changed;
            rest := rest[size + 1:];
        EXCEPTION WHEN unique_violation THEN
            GET STACKED DIAGNOSTICS violated = CONSTRAINT_NAME;
            IF violated <> 'pgjobs_job_once' THEN
                RAISE;
            ELSIF size = 1 THEN
                rest := rest[2:];
            END IF;
            size := 1;  -- a live job has taken one of the places meanwhile
        END;
    END LOOP;
    IF again > 0 THEN
        PERFORM pgjobs_note('retry', ids, '', again);
    END IF;
    RETURN again;
END
$$;

COMMENT ON FUNCTION pgjobs_retry IS
    'Make the finished jobs of these ids pending again; returns their number. A job whose place is taken by a live job stays as it is.';
