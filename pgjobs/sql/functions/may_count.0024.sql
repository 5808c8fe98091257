-- Return whether this transaction can write into pgjobs_ends. If somebody holds a lock on the table, wait half a
-- second for it, once in a transaction: a job must end even if its end can't be counted.
--
-- The answer is kept in a setting of the transaction, because a statement may end thousands of jobs. The exception
-- block is a subtransaction, but it writes nothing, so it takes no transaction id.
CREATE FUNCTION pgjobs_may_count() RETURNS boolean
LANGUAGE plpgsql SET lock_timeout = '500ms' AS $$
DECLARE
    known text := current_setting('pgjobs.may_count', true);
BEGIN
    IF known IN ('yes', 'no') THEN
        RETURN known = 'yes';
    END IF;
    BEGIN
        LOCK TABLE pgjobs_ends IN ROW EXCLUSIVE MODE;
        PERFORM set_config('pgjobs.may_count', 'yes', true);
        RETURN true;
    EXCEPTION WHEN lock_not_available THEN
        RAISE WARNING 'pgjobs could not count the end of a job: %', SQLERRM;
        PERFORM set_config('pgjobs.may_count', 'no', true);
        RETURN false;
    END;
END
$$;

COMMENT ON FUNCTION pgjobs_may_count IS 'Whether the present transaction can count ends of jobs for the statistics.';
