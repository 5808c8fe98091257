-- End a bulk action before its next batch. The row may be locked by a batch; its commit takes a moment.
CREATE FUNCTION pgjobs_cancel_action(action bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    UPDATE pgjobs_journal
    SET state = 'cancelled', ended = statement_timestamp(), updated = statement_timestamp()
    WHERE id = action AND state = 'running';
    IF FOUND THEN
        PERFORM pgjobs_note('cancel action', NULL, action::text, 1);
        RETURN true;
    END IF;
    RETURN false;
END
$$;

COMMENT ON FUNCTION pgjobs_cancel_action IS
    'Stop a bulk action of the journal before its next batch; false if it has ended. Changed jobs stay changed.';
