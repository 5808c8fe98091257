-- Let a system job run no more until pgjobs_switch_on(), across restarts and deploys. A run that waits or
-- runs already is not touched.
CREATE FUNCTION pgjobs_switch_off(schedule text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    known pgjobs_schedule := pgjobs_schedule_named(schedule);
BEGIN
    UPDATE pgjobs_schedule
    SET switched_off = statement_timestamp(), next_run = '9998-12-31 00:00:00+00'
    WHERE id = known.id AND switched_off IS NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM pgjobs_note('switch off', NULL, known.job_class, 1);
    RETURN true;
END
$$;

COMMENT ON FUNCTION pgjobs_switch_off IS
    'Let a system job run no more until it is switched on; false if it was switched off already.';
