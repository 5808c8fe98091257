-- Three roles without a login: grant them to the roles that log in. Each has rights on functions and views
-- alone, so none can write a row that the functions would refuse.
DO $$
DECLARE
    home regnamespace := (SELECT relnamespace FROM pg_class WHERE oid = 'pgjobs_job'::regclass);
    role text;
    made regprocedure;
BEGIN
    FOREACH role IN ARRAY ARRAY['pgjobs_enqueuer', 'pgjobs_reader', 'pgjobs_operator'] LOOP
        IF to_regrole(role) IS NULL THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role);
        END IF;
        EXECUTE format('GRANT USAGE ON SCHEMA %s TO %I', home, role);
    END LOOP;
    -- Only who administers the roles may do this, and the owner of another database need not be the one.
    IF NOT pg_has_role('pgjobs_operator', 'pgjobs_reader', 'MEMBER') THEN
        GRANT pgjobs_reader TO pgjobs_operator;
    END IF;
    GRANT SELECT ON pgjobs_jobs, pgjobs_running, pgjobs_queues, pgjobs_failures, pgjobs_workers,
        pgjobs_schedules, pgjobs_blockers, pgjobs_pause, pgjobs_log, pgjobs_ended, pgjobs_throughput,
        pgjobs_latency, pgjobs_failure_kinds, pgjobs_statistics, pgjobs_ends TO pgjobs_reader;
    -- What pgjobs_why() reads: no arguments, no data and no results.
    GRANT SELECT (
        id, name, status, queue_name, priority, position, job_class, attempt, max_attempts, interruptions,
        scheduled, created, started, completed, cancel_requested, worker_id, error, xmax
    ) ON pgjobs_job TO pgjobs_reader;
    GRANT SELECT ON pgjobs_registry TO pgjobs_reader;
    -- Without the filters, which may hold arguments, and without the options.
    GRANT SELECT (
        id, who, user_key, surface, verb, subject, state, counted, done, refused, error, created, updated, ended,
        carrier
    ) ON pgjobs_journal TO pgjobs_reader;
    -- Everybody may call these, unless ALTER DEFAULT PRIVILEGES says otherwise. The views call the others.
    FOR made IN
        SELECT oid FROM pg_proc
        WHERE pronamespace = home
            AND proname IN (
                'pgjobs_why', 'pgjobs_object', 'pgjobs_has_type', 'pgjobs_user_id', 'pgjobs_redacted',
                'pgjobs_bucket_time'
            )
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO pgjobs_reader', made);
    END LOOP;
    GRANT EXECUTE ON FUNCTION pgjobs_ring(), pgjobs_cancel(bigint[]), pgjobs_retry(bigint[]),
        pgjobs_pause(text, text), pgjobs_resume(text, text), pgjobs_run_schedule(text),
        pgjobs_switch_off(text), pgjobs_switch_on(text), pgjobs_drain(bigint), pgjobs_restart(bigint),
        pgjobs_cancel_action(bigint) TO pgjobs_operator;
    FOR made IN
        SELECT oid FROM pg_proc
        WHERE pronamespace = home AND proname IN ('pgjobs_enqueue', 'pgjobs_enqueue_once')
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO pgjobs_enqueuer', made);
    END LOOP;
    GRANT EXECUTE ON FUNCTION pgjobs_ring() TO pgjobs_enqueuer;
END
$$
