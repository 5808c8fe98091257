CREATE VIEW pgjobs_schedules AS
SELECT
    schedule.id,
    schedule.job_class,
    CASE
        WHEN schedule.cron <> '' THEN 'cron ' || schedule.cron
        WHEN schedule.interval = 1 THEN 'every minute'
        WHEN schedule.interval = 60 THEN 'every hour'
        WHEN schedule.interval = 1440 THEN 'every day'
        WHEN schedule.interval % 1440 = 0 THEN 'every ' || schedule.interval / 1440 || ' days'
        WHEN schedule.interval % 60 = 0 THEN 'every ' || schedule.interval / 60 || ' hours'
        ELSE 'every ' || schedule.interval || ' minutes'
    END AS rule,
    schedule.enabled,
    CASE WHEN schedule.next_run < '9998-12-31 00:00:00+00' THEN schedule.next_run END AS next_run,
    CASE
        WHEN schedule.enabled AND schedule.next_run < statement_timestamp() - interval '30 seconds'
        THEN date_trunc('second', statement_timestamp() - schedule.next_run)
    END AS overdue_by,
    schedule.last_run,
    schedule.last_job_id,
    job.status AS last_status,
    schedule.switched_off,
    schedule.edited_interval IS NOT NULL OR schedule.edited_cron <> '' AS edited
FROM pgjobs_schedule AS schedule
LEFT JOIN pgjobs_job AS job ON job.id = schedule.last_job_id;

COMMENT ON VIEW pgjobs_schedules IS
    'System jobs: the rule, the next run and the status of the last run.';
COMMENT ON COLUMN pgjobs_schedules.rule IS 'The rule in words. A cron expression is read in the time zone of the project.';
COMMENT ON COLUMN pgjobs_schedules.enabled IS 'False if a starting worker did not know the job class; true again when one knows it.';
COMMENT ON COLUMN pgjobs_schedules.overdue_by IS
    'How long ago the job should have been enqueued, if this is more than 30 seconds. Then no worker''s clock runs. NULL if the clock is on time.';
COMMENT ON COLUMN pgjobs_schedules.last_run IS 'The due time for which a job was last enqueued.';
COMMENT ON COLUMN pgjobs_schedules.last_status IS 'The status of this last job; NULL if it was pruned.';
COMMENT ON COLUMN pgjobs_schedules.next_run IS
    'The next due time. NULL while the schedule is switched off, and until a clock has computed it.';
COMMENT ON COLUMN pgjobs_schedules.switched_off IS
    'The moment since which an operator wants no runs; NULL if the schedule is not switched off.';
COMMENT ON COLUMN pgjobs_schedules.edited IS
    'Whether an operator has edited the rule, so that the rule of the code does not count.';
