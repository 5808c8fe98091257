-- The schedule of a system job, or an error that lists the schedules there are.
CREATE FUNCTION pgjobs_schedule_named(name text) RETURNS pgjobs_schedule
LANGUAGE plpgsql STABLE AS $$
DECLARE
    known pgjobs_schedule;
BEGIN
    SELECT * INTO known FROM pgjobs_schedule AS schedule WHERE schedule.job_class = name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no schedule %', COALESCE(quote_literal(name), 'NULL')
        USING ERRCODE = 'invalid_parameter_value', HINT = COALESCE(
            'There are: ' || (
                SELECT string_agg(schedule.job_class, ', ' ORDER BY schedule.job_class)
                FROM pgjobs_schedule AS schedule
            ) || '.',
            'A worker writes the schedules when it starts. Start one: manage.py pgjobs_worker.'
        );
    END IF;
    RETURN known;
END
$$;

COMMENT ON FUNCTION pgjobs_schedule_named IS 'The schedule of a system job; an error if there is none.';
