-- The clock of a worker computes the next due time within a few seconds: SQL can't read a cron expression.
CREATE FUNCTION pgjobs_switch_on(schedule text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    known pgjobs_schedule := pgjobs_schedule_named(schedule);
BEGIN
    UPDATE pgjobs_schedule SET switched_off = NULL WHERE id = known.id AND switched_off IS NOT NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM pgjobs_note('switch on', NULL, known.job_class, 1);
    RETURN true;
END
$$;

COMMENT ON FUNCTION pgjobs_switch_on IS
    'Let a system job run again by its rule, without the runs that it has missed; false if it was not switched off.';
