-- Any name is taken, because the code of a paused job class may be gone.
CREATE FUNCTION pgjobs_resume(queue text DEFAULT NULL, job_class text DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    PERFORM pgjobs_refuse(
        num_nulls(queue, job_class) <> 1, 'pgjobs_resume()', concat_ws(', ', queue, job_class),
        'given a queue or a job class'
    );
    DELETE FROM pgjobs_pause AS pause
    WHERE pause.kind = CASE WHEN queue IS NULL THEN 'job_class' ELSE 'queue' END
        AND pause.name = COALESCE(queue, job_class);
    RETURN FOUND;
END
$$;

COMMENT ON FUNCTION pgjobs_resume IS
    'Claim again from a paused queue, or of a paused job class; false if it was not paused.';
