-- Fix the search path of the functions for steering, and close those that act in the rights of their owner
-- to everybody but the roles that `manage.py pgjobs roles` prints.
--
-- Somebody else's table of the same name, even a temporary one, must not come in the place of ours. So
-- pg_temp, which otherwise comes first, comes last. The schema of the table of jobs comes before those of
-- the tables that it refers to: they may hold jobs of their own.
--
-- A migration that replaces one of the functions must run this again: CREATE OR REPLACE forgets the path.
DO $$
DECLARE
    path text;
    made record;
BEGIN
    SELECT string_agg(quote_ident(nspname), ', ' ORDER BY rank, nspname) || ', pg_temp' INTO path
    FROM (
        SELECT relnamespace, min(rank) AS rank
        FROM (
            SELECT 'pgjobs_job'::regclass AS relation, 1 AS rank
            UNION ALL
            SELECT confrelid, 2 FROM pg_constraint WHERE contype = 'f' AND conrelid = 'pgjobs_job'::regclass
        ) AS needed
        JOIN pg_class ON pg_class.oid = relation
        GROUP BY relnamespace
    ) AS home
    JOIN pg_namespace ON pg_namespace.oid = relnamespace;
    FOR made IN
        SELECT pg_proc.oid::regprocedure AS signature, prosecdef
        FROM pg_proc
        JOIN pg_class ON pg_class.oid = 'pgjobs_job'::regclass AND relnamespace = pronamespace
        WHERE proname = ANY (ARRAY[
            'pgjobs_registered', 'pgjobs_refuse', 'pgjobs_row_for', 'pgjobs_free_place', 'pgjobs_enqueue',
            'pgjobs_enqueue_once', 'pgjobs_cancel', 'pgjobs_retry', 'pgjobs_pause', 'pgjobs_resume',
            'pgjobs_why', 'pgjobs_schedule_named', 'pgjobs_run_schedule', 'pgjobs_switch_off',
            'pgjobs_switch_on', 'pgjobs_give_order', 'pgjobs_drain', 'pgjobs_restart', 'pgjobs_redacted',
            'pgjobs_count_end', 'pgjobs_count_ends', 'pgjobs_note', 'pgjobs_cancel_action',
            'pgjobs_tell_waiters'
        ]) OR (proname = 'pgjobs_ring' AND pronargs = 0)
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %s', made.signature, path);
        IF made.prosecdef THEN
            EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', made.signature);
        END IF;
    END LOOP;
END
$$
