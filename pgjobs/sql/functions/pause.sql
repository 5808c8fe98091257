-- Stop all claims from a queue, or of a job class, until pgjobs_resume(). Workers see it within a second, and
-- running jobs go on.
CREATE FUNCTION pgjobs_pause(queue text DEFAULT NULL, job_class text DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    PERFORM pgjobs_refuse(
        num_nulls(queue, job_class) <> 1, 'pgjobs_pause()', concat_ws(', ', queue, job_class),
        'given a queue or a job class'
    );
    PERFORM pgjobs_registered(
        CASE WHEN queue IS NULL THEN 'job_class' ELSE 'queue' END, COALESCE(queue, job_class)
    );
    INSERT INTO pgjobs_pause (kind, name)
    VALUES (CASE WHEN queue IS NULL THEN 'job_class' ELSE 'queue' END, COALESCE(queue, job_class))
    ON CONFLICT DO NOTHING;
    IF FOUND THEN
        PERFORM pgjobs_note('pause', NULL, COALESCE(queue, job_class), 1);
        RETURN true;
    END IF;
    RETURN false;
END
$$;

COMMENT ON FUNCTION pgjobs_pause IS
    'Stop claiming from a queue, or of a job class; false if it was paused already.';
