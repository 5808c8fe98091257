-- Return whether this transaction can write into pgjobs_ends. If somebody holds a lock on the table, wait half a
-- second for it, once in a transaction: a job must end even if its end can't be counted.
--
-- The answer is kept in a setting of the transaction, because a statement may end thousands of jobs. The exception
-- block is a subtransaction, but it writes nothing, so it takes no transaction id.
--
-- As migrations make it, the table refuses no row of the triggers. If a project has put something on it that
-- can refuse one, the answer is kept as 'guarded', see count_end.sql. The lock keeps others from adding more until
-- the transaction ends. A deferred trigger would refuse the commit, which nothing can guard.
--
-- Some flags of pg_class stay set until VACUUM, or for ever, after the project has taken its addition away again.
-- So if a flag is set, a second look asks for the addition itself. As migrations make the table, no flag is set.
CREATE FUNCTION pgjobs_may_count() RETURNS boolean
LANGUAGE plpgsql SET lock_timeout = '500ms' AS $$
DECLARE
    known text := current_setting('pgjobs.may_count', true);
BEGIN
    IF known IN ('yes', 'guarded', 'no') THEN
        RETURN known <> 'no';
    END IF;
    BEGIN
        LOCK TABLE pgjobs_ends IN ROW EXCLUSIVE MODE;
        IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'pgjobs_ends'::regclass AND tgdeferrable) THEN
            RAISE EXCEPTION 'pgjobs_ends has a deferrable trigger, which could refuse the commit';
        END IF;
        SELECT
            CASE
                WHEN relhastriggers OR relhasrules OR relrowsecurity OR relhasindex
                    OR relkind <> 'r' OR relchecks > 1 OR relnatts <> 12
                THEN 'guarded'
                ELSE 'yes'
            END
        INTO known
        FROM pg_class
        WHERE oid = 'pgjobs_ends'::regclass;
        IF known = 'guarded' THEN
            SELECT
                CASE
                    WHEN relrowsecurity OR relkind <> 'r' OR relchecks > 1
                        OR EXISTS (SELECT FROM pg_trigger WHERE tgrelid = pg_class.oid)
                        OR EXISTS (SELECT FROM pg_rewrite WHERE ev_class = pg_class.oid)
                        OR EXISTS (SELECT FROM pg_index WHERE indrelid = pg_class.oid)
                        OR 12 <> (
                            SELECT count(*) FROM pg_attribute
                            WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
                        )
                    THEN 'guarded'
                    ELSE 'yes'
                END
            INTO known
            FROM pg_class
            WHERE oid = 'pgjobs_ends'::regclass;
        END IF;
    EXCEPTION WHEN OTHERS THEN
        RAISE WARNING 'pgjobs could not count the end of a job: %', SQLERRM;
        known := 'no';
    END;
    PERFORM set_config('pgjobs.may_count', known, true);
    RETURN known <> 'no';
END
$$;

COMMENT ON FUNCTION pgjobs_may_count IS 'Whether the present transaction can count ends of jobs for the statistics.';
